import { lookAtDrillSite } from '../../../activities/aws/drill/observe-drill-site';
import type { Dependencies } from '../../../activities/dependencies';
import type { DrillSite } from '../../../workflows/plan/instance';

const DRILL: DrillSite = {
  region: 'eu-west-1',
  stack: { name: 'drill', propertiesParameter: 'BitbucketProperties' },
  nodes: { autoScalingGroup: 'drill-nodes', port: 7990 },
  fileServer: {
    ...{ instanceId: 'i-1', sharedHome: '/home', exportPath: '/home', exportTo: '*', owner: 'bitbucket' },
    volumes: [{ name: 'home', device: '/dev/xvdf', mountPoint: '/home', type: 'gp3' }],
  },
  database: { id: 'drill-db', subnetGroup: 'drill', securityGroups: ['sg-1'] },
};

/** An AWS that knows one file server with these devices, and nothing else. */
function withDevices(...devices: readonly string[]): Dependencies {
  const BlockDeviceMappings = devices.map((DeviceName) => ({ DeviceName, Ebs: { VolumeId: 'vol-1' } }));
  const Reservations = [{ Instances: [{ InstanceId: 'i-1', BlockDeviceMappings }] }];
  const client = { send: () => Promise.resolve({ Reservations, DBInstances: [], Stacks: [] }) };
  const aws = Object.fromEntries(
    ['ec2', 'autoScaling', 'rds', 'cloudFormation'].map((service) => [service, () => client]),
  );
  return { aws: aws as never, secrets: { resolve: (reference) => Promise.resolve(reference) } };
}

test.each(['/dev/xvdf', '/dev/sdf'])('a volume on %s is in the way of a trial', async (device) => {
  const { attached } = await lookAtDrillSite(withDevices('/dev/sda1', device), DRILL);
  expect(attached).toEqual([`${device} vol-1`]);
});

test("what is on other devices is in nobody's way", async () => {
  expect((await lookAtDrillSite(withDevices('/dev/sda1', '/dev/sdg'), DRILL)).attached).toEqual([]);
});
