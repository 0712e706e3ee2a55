import type { PublicKey } from './public-key';

/**
 * What an installation has decided about its runbooks. All durations are seconds, fractions allowed. Plain data: it is
 * pinned in each run's history.
 */
export interface PolicySettings {
  /** By the gate's name. */
  readonly gates: Readonly<Record<string, GatePolicy>>;
  readonly failures: {
    /** What happens when a step has failed although its own retries were used up. */
    readonly default: FailurePolicy;
    /** How long a failed step waits for people before it counts as aborted. */
    readonly decisionTimeoutSeconds: number;
    /** By the step's name. */
    readonly steps: Readonly<Record<string, FailurePolicy>>;
    readonly identity: 'stated' | 'signed';
    readonly escalate?: Escalation | undefined;
  };
  /** Age of the standby's data above which a failover needs the gate `dataLoss`. */
  readonly dataLoss: { readonly databaseSeconds: number; readonly homeSeconds: number };
  /** A site counts as lost after so many failed probes in a row. */
  readonly detection: {
    readonly probes: number;
    readonly intervalSeconds: number;
    readonly timeoutSeconds: number;
  };
  /** How often a wait looks: tight near the expected end, slow far from it. */
  readonly polling: { readonly fastestSeconds: number; readonly slowestSeconds: number };
  /** How long a step usually takes here, seconds by the step's name; replaces the step's own figure. */
  readonly expected: Readonly<Record<string, number>>;
  /** Budget of a step, seconds by the step's name; replaces the step's own figure. */
  readonly deadlines: Readonly<Record<string, number>>;
  /** After a recovery, automatic starts for the instance are blocked this long unless a person acknowledges. */
  readonly antiFlap: { readonly windowSeconds: number };
  /** When another run holds the instance: end as REFUSED, or wait this long for it. */
  readonly lease: {
    readonly whenBusy: 'refuse' | 'wait';
    readonly waitSeconds: number;
    /** How long an emergency waits for a run that was asked to let go. */
    readonly preemptSeconds: number;
  };
  /** Times (ISO 8601) in which nothing is started, unless a person breaks the freeze with a reason. */
  readonly freezes: readonly { readonly from: string; readonly until: string; readonly reason: string }[];
  /** Who is told over HTTP when a question waits, is passed on, or a run has ended. */
  readonly notifications: readonly {
    readonly name: string;
    /** An address, or the reference of a secret that holds one. */
    readonly webhook: string;
    readonly secret?: string | undefined;
    readonly events: readonly ('asked' | 'escalated' | 'ended')[];
  }[];
  /** How old the proof of a signed decision may be, and how far ahead the clock of whoever signed. */
  readonly signatures: { readonly lifetimeSeconds: number; readonly clockSkewSeconds: number };
  /** A worker that is silent for so long while it carries out an activity counts as dead. */
  readonly worker: { readonly deadAfterSeconds: number };
  readonly failover: {
    /** Adds the snapshot's time to the recovery time; allows looking at the data as it was. */
    readonly snapshotBeforePromotion: boolean;
    /** Nodes to start on the standby site; absent: the site's own `nodes.count`. */
    readonly nodes?: number | undefined;
  };
  readonly backup: {
    readonly mode: 'zeroDowntime' | 'locked';
    /** How long running requests may take to end after the lock. */
    readonly drainSeconds: number;
    /** Users are locked out no longer than this. */
    readonly lockSeconds: number;
    /** After so long the host ends a freeze by itself. */
    readonly freezeLimitSeconds: number;
    readonly maxSkewSeconds: number;
    /** Absent: nothing is locked. */
    readonly snapshotLock?: {
      readonly mode: 'governance' | 'compliance';
      readonly seconds: number;
      readonly coolOffHours: number | null;
    };
    readonly retention: RetentionSettings;
  };
  readonly restore: {
    /** What a restore has replaced is kept for so long. */
    readonly keepReplacedSeconds: number;
    /** A copy beside the service stands for so long. */
    readonly keepBesideSeconds: number;
  };
  readonly verify: { readonly limitSeconds: number; readonly sample: number; readonly clones: number };
  /** Runs over many instances. */
  readonly fleet: {
    readonly concurrency: number;
    /** A number of instances, or a share such as `10%`. */
    readonly errorThreshold: number | string;
    readonly whenBusy: 'skip' | 'wait';
  };
}

/** Of so many of the newest hours, days, … that have a backup, the newest one is kept; in each place for itself. */
interface RetentionSettings {
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  /** So many of the newest that a restore has proven are kept, however old; at least one. */
  readonly keepVerified: number;
  /** By its clocks days begin. */
  readonly timeZone: string;
}

export type GatePolicy = 'auto' | GateApproval;

/** So many different people, each with one of the roles (empty: anybody listed). Unanswered in time: denied. */
export interface GateApproval {
  readonly approvals: number;
  readonly roles: readonly string[];
  readonly timeoutSeconds: number;
  /** `signed`: a decision carries a proof made with the key of the person. */
  readonly identity: 'stated' | 'signed';
  readonly escalate?: Escalation | undefined;
  /** After so long in which nothing is done under it, an approval is asked for again. */
  readonly approvalLifetimeSeconds: number;
}

/** Told after this time, and may decide as well. */
interface Escalation {
  readonly afterSeconds: number;
  readonly roles: readonly string[];
}

type LastAnswer = 'ask' | 'abort' | 'degrade';

type FailurePolicy = LastAnswer | { readonly retry: number; readonly then?: LastAnswer | undefined };

export interface Person {
  /** The name under which the person answers, e.g. `ada`. */
  readonly name: string;
  readonly roles: readonly string[];
  /** Where to reach the person; shown with what is asked. */
  readonly contact?: string | undefined;
  readonly publicKey?: PublicKey | undefined;
}
