import { liveDatabasesIn } from '../../../activities/aws/drill/live-databases';
import { observeDrillSiteImplementation } from '../../../activities/aws/drill/observe-drill-site';
import type { Site } from '../../../workflows/plan/instance';
import { fakeAws } from './fake-aws';
import { lookWith } from './step-driver';

const site = (name: string, region: string, id: string, cluster?: string) => ({
  ...{ name, region },
  database: {
    ...{ id, multiAz: false, backupRetentionDays: 7, deletionProtection: true, securityGroups: [] },
    ...(cluster === undefined ? {} : { cluster }),
  } satisfies Site['database'],
});
const SITES = [
  site('primary', 'eu-central-1', 'bitbucket-db'),
  site('standby', 'eu-west-1', 'writer-1', 'bitbucket'),
];
const found = (value: string) =>
  liveDatabasesIn({ Parameters: [{ ParameterKey: 'DBHost', ParameterValue: value }] }, SITES).map(
    ({ database, site: name }) => `${database} of ${name}`,
  );

test.each([
  ['bitbucket-db.c9akciq32.eu-central-1.rds.amazonaws.com', 'bitbucket-db of primary'],
  ['Bitbucket-DB.c9akciq32.EU-central-1.rds.amazonaws.com:5432', 'bitbucket-db of primary'],
  [
    'jdbc.url=jdbc:postgresql://bitbucket-db.c9akciq32.eu-central-1.rds.amazonaws.com:5432/b',
    'bitbucket-db of primary',
  ],
  ['writer-1.c9akciq32.eu-west-1.rds.amazonaws.com', 'writer-1 of standby'],
  ['bitbucket.cluster-c9akciq32.eu-west-1.rds.amazonaws.com', 'bitbucket of standby'],
  ['bitbucket.cluster-ro-c9akciq32.eu-west-1.rds.amazonaws.com', 'bitbucket of standby'],
])('a node that is given %s would come up on a live database', (value, database) => {
  expect(found(value)).toEqual([database]);
});

test.each([
  'bitbucket-db-drill.c9akciq32.eu-central-1.rds.amazonaws.com',
  'old-bitbucket-db.c9akciq32.eu-central-1.rds.amazonaws.com',
  'bitbucket-db.c9akciq32.us-east-1.rds.amazonaws.com',
  'bitbucket-db',
  '****',
  '',
])('%s names none of the service', (value) => {
  expect(found(value)).toEqual([]);
});

test('the look at the drill site tells which parameter names which database, also where it only refers to it', async () => {
  const { dependencies } = fakeAws({
    DescribeStacks: () => ({
      Stacks: [
        {
          StackStatus: 'CREATE_COMPLETE',
          Parameters: [
            { ParameterKey: 'BitbucketVersion', ParameterValue: '9.4.1' },
            {
              ParameterKey: 'DBHost',
              ParameterValue: '/bitbucket/db-host',
              ResolvedValue: 'bitbucket-db.c9akciq32.eu-central-1.rds.amazonaws.com',
            },
          ],
        },
      ],
    }),
  });
  const drill = {
    ...{ region: 'eu-central-1', stack: { name: 'drill' }, nodes: { autoScalingGroup: 'nodes' } },
    ...{ fileServer: { instanceId: 'i-1', volumes: [] }, database: { id: 'drill-db' } },
  };
  expect(await lookWith(observeDrillSiteImplementation(dependencies), { drill, sites: SITES })).toMatchObject(
    {
      version: '9.4.1',
      live: [{ parameter: 'DBHost', database: 'bitbucket-db', site: 'primary' }],
    },
  );
});
