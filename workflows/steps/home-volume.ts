import type { FileServer } from '../plan/instance';
import { defineStep } from '../runbook/step';

export interface CreateHomeVolume {
  readonly region: string;
  /** `home` or a data store. */
  readonly volume: string;
  readonly snapshotId: string;
  readonly availabilityZone: string;
  readonly volumeType: string;
  /** Absent, as in runs from before: what EBS gives by itself, which is nothing for io1 and io2. */
  readonly iops?: number | undefined;
  /** MiB/s, of gp3. */
  readonly throughput?: number | undefined;
}

/** A new volume from a snapshot; tagged at creation with run and step, adopted by a repeated run. Undo deletes it. */
export const createHomeVolume = defineStep<
  CreateHomeVolume,
  { readonly volumeId: string; readonly sizeGiB: number }
>({
  name: 'createHomeVolume',
  title: 'Create the home volume from the newest copy',
  risk: 'reversible',
  deadlineSeconds: 1800,
  expectedSeconds: 30,
  whenSkipped: null,
});

export interface UnmountFormerHome {
  readonly region: string;
  readonly fileServer: FileServer;
}

/**
 * Unmounts what a site that nobody uses has mounted in the places of the home, so that its volumes can be replaced: that of a
 * former primary, or of a file server that mounts its home at each boot. Nothing where there is none. Undo mounts what was
 * mounted, and exports it only where it was exported.
 */
export const unmountFormerHome = defineStep<UnmountFormerHome, { readonly unmounted: boolean }>({
  name: 'unmountFormerHome',
  title: 'Unmount the home that the standby has had',
  risk: 'reversible',
  deadlineSeconds: 900,
  expectedSeconds: 10,
});

export interface AttachHomeVolume {
  readonly region: string;
  readonly volumeId: string;
  readonly fileServerInstanceId: string;
  readonly device: string;
}

/**
 * Attaches the volume to the file server. If the device is taken by another volume (the standby's empty one, or an
 * older copy), `check` says so and `run` detaches that one first; undo puts it back. Not skipped: what is there would be
 * mounted instead.
 */
export const attachHomeVolume = defineStep<
  AttachHomeVolume,
  { readonly volumeId: string; readonly replaced: string | null }
>({
  name: 'attachHomeVolume',
  title: 'Attach the home volume to the file server',
  risk: 'reversible',
  deadlineSeconds: 900,
  expectedSeconds: 10,
  whenSkipped: null,
});

export interface MountHome {
  readonly region: string;
  readonly fileServer: FileServer;
  /**
   * Volumes that are to be mounted, in the order of the file server's; others in their places are refused. While one is still
   * to be made, what is mounted now is another home.
   */
  readonly volumeIds?: readonly string[] | undefined;
}

/**
 * Mounts the volumes, removes stale git lock files, and exports the shared home. Verified by looking: mounted,
 * exported, bitbucket.properties there, `git fsck --connectivity-only` of a sample passes. Undo: unexport, unmount.
 */
export const mountHome = defineStep<MountHome, { readonly repositories: number; readonly sampled: number }>({
  name: 'mountHome',
  title: 'Mount and export the shared home',
  risk: 'reversible',
  deadlineSeconds: 900,
  expectedSeconds: 30,
  attemptSeconds: 600,
});
