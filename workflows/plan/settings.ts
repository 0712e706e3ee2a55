import type { RunPolicy } from '../runbook/policy';
import type { BackupMode } from './backup/manifest';
import type { FleetPolicy } from './fleet/estate';
import type { Retention } from './backup/retention';

/** How long nobody can delete the EBS snapshots of a backup. */
interface SnapshotLockSettings {
  readonly mode: 'governance' | 'compliance';
  readonly seconds: number;
  readonly coolOffHours: number | null;
}

/** The whole policy as the estate gives it: the kit's part and the runbooks' own. Durations in seconds. */
export interface Settings extends RunPolicy {
  readonly dataLoss: { readonly databaseSeconds: number; readonly homeSeconds: number };
  readonly detection: {
    readonly probes: number;
    readonly intervalSeconds: number;
    readonly timeoutSeconds: number;
  };
  readonly failover: { readonly snapshotBeforePromotion: boolean; readonly nodes?: number | undefined };
  readonly backup: {
    readonly mode: BackupMode;
    readonly drainSeconds: number;
    readonly lockSeconds: number;
    readonly freezeLimitSeconds: number;
    readonly maxSkewSeconds: number;
    readonly snapshotLock?: SnapshotLockSettings | undefined;
    readonly retention: Retention;
  };
  readonly restore: { readonly keepReplacedSeconds: number; readonly keepBesideSeconds: number };
  readonly verify: {
    /** A trial is torn down after so long, wherever it is. */
    readonly limitSeconds: number;
    /** So many repositories are checked by git, and so many of these are cloned through Bitbucket. */
    readonly sample: number;
    readonly clones: number;
  };
  readonly fleet: FleetPolicy;
}
