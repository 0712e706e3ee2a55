import type { Instance, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import { attachHomeVolume, createHomeVolume } from '../steps/home-volume';

export interface HomeFromSnapshots {
  readonly site: Pick<Site, 'region' | 'fileServer'>;
  readonly availabilityZone: string;
  /** Snapshot id by volume name. */
  readonly snapshots: Readonly<Record<string, string>>;
  /** Instead of the contract's. */
  readonly title?: string;
}

/** A volume from each snapshot, attached in the place of what is there; mounted by the caller. Answers their ids. */
export async function homeFromSnapshots<Input>(
  run: Run<Input, Instance, Settings>,
  { site, availabilityZone, snapshots, title }: HomeFromSnapshots,
): Promise<readonly string[]> {
  const { region, fileServer } = site;
  const made: string[] = [];
  for (const { name: volume, device, type: volumeType, iops, throughput } of fileServer.volumes) {
    const snapshotId = snapshots[volume] ?? '';
    const suffix = fileServer.volumes.length > 1 ? `.${volume}` : '';
    const { volumeId } = await run.step(
      createHomeVolume,
      { region, volume, snapshotId, availabilityZone, volumeType, iops, throughput },
      { id: `createHomeVolume${suffix}`, ...(title === undefined ? {} : { title }) },
    );
    const fileServerInstanceId = fileServer.instanceId;
    await run.step(
      attachHomeVolume,
      { region, volumeId, fileServerInstanceId, device },
      { id: `attachHomeVolume${suffix}` },
    );
    made.push(volumeId);
  }
  return made;
}
