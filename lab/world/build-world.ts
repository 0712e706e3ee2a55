import { DescribeInstanceHealthCommand } from '@aws-sdk/client-elastic-load-balancing';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { seedPrimary } from '../bitbucket/seed';
import type { LabAws } from './aws';
import type { Machinery } from './assemble';
import { createDatabaseGroup } from './build-database-group';
import { createAuroraDatabase, createDatabase, createReplica } from './build-databases';
import type { DatabaseEndpoint } from './build-databases';
import { giveHome, runFileServer, runOn } from './build-file-server';
import { createAlarms, createLoadBalancer, createNodeGroup } from './build-nodes';
import { drillStack, siteStack } from './define-stack';
import type { LabDirectory } from './directory';
import type { BuiltPlace, BuiltSite } from './lab-estate';
import {
  BACKUP_BUCKET,
  BITBUCKET_VERSION,
  DATABASE_NAME,
  DATABASE_USER,
  DRILL,
  HOME_PATH,
  PROJECTS,
  SERVICE_NAME,
  SITES,
  ZONE,
} from './layout';
import type { PlaceLayout } from './layout';
import { USERS } from './secrets';
import type { LabPasswords } from './secrets';
import { until } from './until';

export interface BuildOptions {
  readonly machinery: Machinery;
  readonly aws: Readonly<Record<'primary' | 'standby', LabAws>>;
  readonly directory: LabDirectory;
  readonly passwords: LabPasswords;
  readonly nodes: number;
  readonly ttlSeconds: number;
  /** With a place where backups are tried out. */
  readonly drill: boolean;
  /** The standby's file server has mounted a home of its own, as that of a Quick Start has, or of a former primary. */
  readonly standbyHome: boolean;
  /** The primary's database is an Aurora cluster, and the standby has none. */
  readonly aurora: boolean;
  /** Told of a site as soon as its parts other than the nodes are there. */
  readonly onSite: (site: BuiltSite) => void;
}

export interface BuiltWorld {
  readonly zoneId: string;
  readonly homeVolumeId: string;
  readonly drill: BuiltPlace | undefined;
}

async function createStore({ s3, region }: LabAws): Promise<void> {
  const where = { LocationConstraint: region as BucketLocationConstraint };
  await s3.send(new CreateBucketCommand({ Bucket: BACKUP_BUCKET, CreateBucketConfiguration: where }));
}

/**
 * Two sites: the primary with data, home and nodes, serving; the standby with nothing running but a replica, or without
 * that where the database is Aurora: what it would get then are snapshots.
 */
export async function buildWorld(options: BuildOptions): Promise<BuiltWorld> {
  const { machinery, aws, nodes, aurora } = options;
  const create = aurora ? createAuroraDatabase : createDatabase;
  const drill = options.drill ? buildDrill(options) : Promise.resolve(undefined);
  // Awaited further down; a failure until then must not end the process.
  drill.catch(() => undefined);
  const [primary, standby] = await Promise.all([
    prepareSite(options, 'primary'),
    prepareSite(options, 'standby'),
  ]);
  const [homeVolumeId, standbyVolumeId, endpoint] = await Promise.all([
    giveHome(aws.primary, SITES.primary, machinery.hosts, primary.fileServerId, primary.mountPoint),
    options.standbyHome
      ? giveHome(aws.standby, SITES.standby, machinery.hosts, standby.fileServerId, standby.mountPoint)
      : undefined,
    create(aws.primary, primary, options.passwords.BITBUCKET_DATABASE_PASSWORD),
    createStore(aws.standby),
  ]);
  options.onSite(primary);
  options.onSite(standby);
  const stack = (site: BuiltSite, home: { readonly homeVolumeId?: string }): void => {
    const { fileServerId, databaseGroupId, layout } = site;
    machinery.stacks.define(
      siteStack(layout, { fileServerId, databaseGroupId, nodes, aurora, ...home }, aws[layout.name]),
    );
  };
  stack(primary, { homeVolumeId });
  stack(standby, standbyVolumeId === undefined ? {} : { homeVolumeId: standbyVolumeId });
  const zone = machinery.routes.define({
    name: ZONE,
    records: [
      { name: SERVICE_NAME, type: 'CNAME', ttl: options.ttlSeconds, values: [primary.loadBalancerDns] },
    ],
  });
  await Promise.all([
    seed(options, primary, endpoint)
      .then(() => createNodeGroup(aws.primary, SITES.primary, nodes))
      .then(() => untilServing(aws.primary, nodes)),
    aurora ? undefined : replicate(options, primary, standby),
    createNodeGroup(aws.standby, SITES.standby, 0),
    createAlarms(aws.primary, SITES.primary),
    createAlarms(aws.standby, SITES.standby),
  ]);
  return { zoneId: zone.id, homeVolumeId, drill: await drill };
}

async function prepareSite(options: BuildOptions, name: 'primary' | 'standby'): Promise<BuiltSite> {
  const { machinery, aws } = options;
  const layout = SITES[name];
  const [place, loadBalancerDns] = await Promise.all([
    preparePlace(options, aws[name], layout),
    createLoadBalancer(aws[name], layout),
  ]);
  const start = ['systemctl enable nfs-server', 'systemctl start nfs-server'];
  await runOn(machinery.hosts, place.fileServerId, start);
  return { ...place, layout, loadBalancerDns };
}

async function preparePlace(
  { directory }: BuildOptions,
  aws: LabAws,
  layout: PlaceLayout,
): Promise<BuiltPlace> {
  const [fileServerId, databaseGroupId] = await Promise.all([
    runFileServer(aws, layout),
    createDatabaseGroup(aws, layout),
  ]);
  const mountPoint = join(directory.host(fileServerId), HOME_PATH);
  mkdirSync(mountPoint, { recursive: true });
  return { layout, fileServerId, databaseGroupId, mountPoint };
}

/** A place without home, database and nodes: a trial brings them, and takes them away. */
async function buildDrill(options: BuildOptions): Promise<BuiltPlace> {
  const aws = options.aws.standby;
  const drill = await preparePlace(options, aws, DRILL);
  options.machinery.stacks.define(drillStack(DRILL, drill, aws));
  await createNodeGroup(aws, DRILL, 0);
  return drill;
}

async function replicate(
  { machinery, aws }: BuildOptions,
  primary: BuiltSite,
  standby: BuiltSite,
): Promise<void> {
  await createReplica(aws.standby, standby, primary);
  const { region, databaseId } = standby.layout;
  await until('replication', 30, async () => {
    const [row] = await machinery.databases.query<{ streaming: boolean }>(
      region,
      databaseId,
      "select exists (select from pg_stat_wal_receiver where status = 'streaming') as streaming",
    );
    return row?.streaming;
  });
}

async function seed(
  { passwords }: BuildOptions,
  primary: BuiltSite,
  endpoint: DatabaseEndpoint,
): Promise<void> {
  await seedPrimary({
    database: {
      ...endpoint,
      name: DATABASE_NAME,
      user: DATABASE_USER,
      password: passwords.BITBUCKET_DATABASE_PASSWORD,
    },
    sharedHome: primary.mountPoint,
    cluster: primary.layout.stack,
    administrator: { username: USERS.administrator, password: passwords.BITBUCKET_ADMIN_PASSWORD },
    probeUser: { username: USERS.probe, password: passwords.BITBUCKET_PROBE_PASSWORD },
    users: [{ username: USERS.traffic, password: passwords.BITBUCKET_TRAFFIC_PASSWORD }],
    projects: PROJECTS,
    version: BITBUCKET_VERSION,
  });
}

function untilServing(aws: LabAws, nodes: number): Promise<true> {
  return until(`service of the primary site with ${nodes} nodes`, 60, async () => {
    const { InstanceStates = [] } = await aws.loadBalancing.send(
      new DescribeInstanceHealthCommand({ LoadBalancerName: SITES.primary.loadBalancer }),
    );
    return InstanceStates.filter(({ State }) => State === 'InService').length >= nodes ? true : undefined;
  });
}
