/**
 * What a run over the whole estate has in place of an instance: in its workflow id, its search attribute and its lease.
 * No instance can have this name.
 */
export const ESTATE = 'estate';

/** Runbooks that are started for the estate, or for a selection of its instances. */
const ESTATE_RUNBOOKS: readonly string[] = ['backupFleet'];

export function isForEstate(runbook: string): boolean {
  return ESTATE_RUNBOOKS.includes(runbook);
}

/** The instances that a run was started for, as the estate describes them. Plain data, pinned by `admit`. */
export interface Fleet {
  readonly name: typeof ESTATE;
  /** In the estate's order. */
  readonly instances: readonly FleetInstance[];
  /** Instances of the whole estate. */
  readonly inEstate: number;
}

export interface FleetInstance {
  readonly name: string;
  /** It was selected by its name, not as one of many. */
  readonly named: boolean;
  /** Whether the estate says where its backups are kept. */
  readonly hasBackup: boolean;
  /** The change freeze that is on for it, in words; null = none. */
  readonly freeze: string | null;
}

/** How a run over many instances is carried out. */
export interface FleetPolicy {
  /** Instances at once. */
  readonly concurrency: number;
  /** Above so many failures, or such a share of all, the rest is not started. */
  readonly errorThreshold: number | string;
  readonly whenBusy: 'skip' | 'wait';
}
