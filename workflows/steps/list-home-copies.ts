import { defineObservation } from '../runbook/step';

export interface ListHomeCopies {
  readonly region: string;
  readonly instance: string;
}

/** One EBS snapshot that carries our tags. */
export interface HomeCopy {
  readonly snapshotId: string;
  /** Tag `runbooks:backup`: equal on all volumes captured at one instant. */
  readonly backup: string;
  /** Tag `runbooks:volume`, e.g. `home`. */
  readonly volume: string;
  /** Tag `runbooks:members`: the volumes that this set has when complete. */
  readonly members: readonly string[];
  /** Tag `runbooks:captured-at`, ISO 8601: when the source volume was captured, not when the copy was made. */
  readonly capturedAt: string;
  /** EBS snapshot state; only `completed` can be used. */
  readonly state: string;
  readonly sizeGiB: number;
  /** Tag `runbooks:verification`: when a trial of this copy failed, the last one; absent: none did, or none was made. */
  readonly failedVerificationAt?: string | undefined;
}

/**
 * Snapshots of the shared home in a region, found by the tag `runbooks:instance`. Snapshots whose other tags are
 * missing or malformed, or whose deletion was begun, are left out and named in `ignored`.
 */
export const listHomeCopies = defineObservation<
  ListHomeCopies,
  { readonly copies: readonly HomeCopy[]; readonly ignored: readonly string[] }
>({ name: 'listHomeCopies', title: 'List the copies of the home', deadlineSeconds: 120 });
