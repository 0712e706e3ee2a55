import { DescribeDBClustersCommand, DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { loadEstate } from '../../../estate/load';
import { LabAws } from '../../../lab/world/aws';
import { DRILL } from '../../../lab/world/layout';
import { World } from '../../../lab/world/world';
import { doorsOf, pushSoon } from '../../support/push';
import { until } from '../../support/until';

let world: World;
let aws: { primary: LabAws; standby: LabAws };

beforeAll(async () => {
  world = await World.start({
    scale: 120,
    nodes: 1,
    drill: true,
    aurora: true,
    homeCopyEverySeconds: null,
  });
  aws = {
    primary: new LabAws('eu-central-1', world.gateway.url),
    standby: new LabAws('eu-west-1', world.gateway.url),
  };
});

afterAll(async () => {
  Object.values(aws ?? {}).forEach((client) => client.destroy());
  await world?.stop();
});

async function countOfPushes(): Promise<number> {
  const { region, databaseId } = world.sites.primary.layout;
  const sql = 'select count(*)::int as n from sta_repo_push_activity';
  const [row] = await world.databases.query<{ n: number }>(region, databaseId, sql);
  return row?.n ?? -1;
}

test('Bitbucket serves from the writer of a cluster and takes pushes; the standby and the drill site have no database', async () => {
  const { primary, standby } = await world.probe();
  expect([primary.acceptsWrites, primary.database, standby.database]).toEqual([true, 'writable', 'none']);
  const before = await countOfPushes();
  await pushSoon(world, doorsOf(world, 'primary')[0]!);
  expect(await countOfPushes()).toBe(before + 1);
  const { DBClusters } = await aws.primary.rds.send(new DescribeDBClustersCommand({}));
  expect(DBClusters).toMatchObject([
    {
      DBClusterIdentifier: 'bitbucket-prod-cluster',
      Status: 'available',
      DeletionProtection: true,
      DBClusterMembers: [{ DBInstanceIdentifier: 'bitbucket-prod-db', IsClusterWriter: true }],
    },
  ]);
  expect((await aws.standby.rds.send(new DescribeDBClustersCommand({}))).DBClusters ?? []).toEqual([]);
  expect((await aws.standby.rds.send(new DescribeDBInstancesCommand({}))).DBInstances ?? []).toEqual([]);
});

test('its estate names the clusters, and it breaks no invariant', async () => {
  const estate = loadEstate(world.estate).instances[world.instance]!;
  const databases = Object.values(estate.sites).map(({ database }) => [database.id, database.cluster]);
  expect(databases).toEqual([
    ['bitbucket-prod-db', 'bitbucket-prod-cluster'],
    ['bitbucket-prod-dr-db', 'bitbucket-prod-dr-cluster'],
  ]);
  expect(estate.backup?.drill?.database).toMatchObject({
    id: DRILL.databaseId,
    cluster: DRILL.databaseCluster,
  });
  expect((await world.invariants()).violations).toEqual([]);
});

test('a region that comes back serves from its cluster again', async () => {
  const before = await countOfPushes();
  await world.breakIt('region-down');
  expect((await world.probe()).primary.database).toBe('unreachable');
  await world.heal();
  await until('service', async () => (await world.probe()).primary.acceptsWrites || undefined);
  expect(await countOfPushes()).toBe(before);
});
