import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';

import type { HostFleet } from '../hosts/host-fleet';
import type { LabAws } from './aws';
import { EXPORT_TO, HOME_DEVICE, INSTANCE } from './layout';
import type { PlaceLayout, SiteLayout } from './layout';
import { need, until } from './until';

/** A file server without a home. @returns its instance id once it runs */
export async function runFileServer(aws: LabAws, layout: PlaceLayout): Promise<string> {
  const { Instances } = await aws.ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-0bb1bb1bb1bb1bb10',
      InstanceType: 'm5.xlarge',
      MinCount: 1,
      MaxCount: 1,
      Placement: { AvailabilityZone: layout.zone },
      TagSpecifications: [
        {
          ResourceType: 'instance',
          Tags: [
            { Key: 'Name', Value: layout.fileServer },
            { Key: 'Cluster', Value: layout.stack },
          ],
        },
      ],
    }),
  );
  const instanceId = need(Instances?.[0]?.InstanceId, 'InstanceId');
  await until(`start of the file server ${layout.fileServer}`, 30, async () => {
    const described = await aws.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
    return described.Reservations?.[0]?.Instances?.[0]?.State?.Name === 'running';
  });
  return instanceId;
}

/** A new home volume, attached, mounted and exported. @returns the volume's id */
export async function giveHome(
  aws: LabAws,
  layout: SiteLayout,
  hosts: HostFleet,
  instanceId: string,
  mountPoint: string,
): Promise<string> {
  const created = await aws.ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: layout.zone,
      Size: 100,
      VolumeType: 'gp3',
      TagSpecifications: [
        {
          ResourceType: 'volume',
          Tags: [
            { Key: 'Name', Value: `${layout.stack}-home` },
            { Key: 'runbooks:instance', Value: INSTANCE },
            { Key: 'runbooks:volume', Value: 'home' },
          ],
        },
      ],
    }),
  );
  const volumeId = need(created.VolumeId, 'VolumeId');
  const inState = (state: string): Promise<true> =>
    until(`home volume ${state}`, 30, async () => {
      const described = await aws.ec2.send(new DescribeVolumesCommand({ VolumeIds: [volumeId] }));
      return described.Volumes?.[0]?.State === state || undefined;
    });
  await inState('available');
  await aws.ec2.send(
    new AttachVolumeCommand({ VolumeId: volumeId, InstanceId: instanceId, Device: HOME_DEVICE }),
  );
  await inState('in-use');
  await until(`attachment of ${volumeId}`, 30, async () => {
    const described = await aws.ec2.send(new DescribeVolumesCommand({ VolumeIds: [volumeId] }));
    return described.Volumes?.[0]?.Attachments?.[0]?.State === 'attached';
  });
  const [client, options] = EXPORT_TO.replace(')', '').split('(');
  await runOn(hosts, instanceId, [
    `mount ${HOME_DEVICE} "${mountPoint}"`,
    `exportfs -o ${options ?? 'rw'} "${client ?? '*'}:${mountPoint}"`,
  ]);
  return volumeId;
}

/** @throws Error with what the commands said when one of them fails */
export async function runOn(
  hosts: HostFleet,
  instanceId: string,
  commands: readonly string[],
): Promise<void> {
  const done = await hosts.run(instanceId, ['set -eu', ...commands].join('\n'), { timeoutSeconds: 20 });
  if (done.exitCode !== 0) throw new Error(`on ${instanceId}: ${done.stderr || done.stdout}`);
}
