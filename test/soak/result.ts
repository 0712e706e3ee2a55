import type { Outcome } from '../../workflows/runbook/state';
import type { SiteName } from './found-points';
import type { JudgedPushes } from './judged-pushes';

interface Recovered {
  readonly outcome: Outcome | null;
  /** That was to be gone by. */
  readonly backup: string;
  readonly rtoSeconds: number;
}

interface FailedOver extends Recovered {
  /** It went by the newest copy. */
  readonly newest: boolean;
  readonly rpoSeconds: number;
  readonly acknowledgedBefore: number;
  /** Of those; must be none. */
  readonly lostBeforeCopy: number;
  /** What a failover to a copy gives up. */
  readonly lostAfterCopy: number;
}

interface Restored extends Recovered, JudgedPushes {
  readonly capturedAt: string;
}

export interface SoakResult {
  readonly days: number;
  /** The emulated days; ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly backups: number;
  readonly succeeded: number;
  readonly prunes: number;
  readonly trials: number;
  /** Of the emulated time, between two captures. */
  readonly longestGapSeconds: number;
  /** Restore points after the last prune, and those that all prunes have deleted. */
  readonly kept: Readonly<Record<SiteName, number>>;
  readonly deleted: Readonly<Record<SiteName, number>>;
  /** After every prune both sites had what the soak's own reckoning says, and nothing else. */
  readonly keptAsExpected: boolean;
  readonly chainUnbroken: boolean;
  readonly failover: FailedOver | null;
  readonly restore: Restored | null;
  readonly pushes: number;
  /** Most events of one run. */
  readonly longestHistory: number;
  readonly workerMebibytes: { readonly first: number; readonly last: number };
  readonly violations: readonly string[];
  /** Everything that is not as it should be, the violations too; empty: the soak has passed. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

/** What is known so far: a soak that comes to no end tells it too. */
export class Findings {
  private result: SoakResult;
  private readonly began = Date.now();

  constructor(days: number) {
    this.result = {
      ...{ days, from: '', to: '', backups: 0, succeeded: 0, prunes: 0, trials: 0, longestGapSeconds: 0 },
      ...{ kept: { primary: 0, standby: 0 }, deleted: { primary: 0, standby: 0 } },
      ...{ keptAsExpected: true, chainUnbroken: true, failover: null, restore: null },
      ...{ pushes: 0, longestHistory: 0, workerMebibytes: { first: 0, last: 0 } },
      ...{ violations: [], problems: [], seconds: 0 },
    };
  }

  get all(): SoakResult {
    return { ...this.result, seconds: Math.round((Date.now() - this.began) / 1000) };
  }

  set(more: Partial<SoakResult>): void {
    this.result = { ...this.result, ...more };
  }

  count(what: 'backups' | 'succeeded' | 'prunes' | 'trials'): void {
    this.set({ [what]: this.result[what] + 1 });
  }

  history(events: number): void {
    this.set({ longestHistory: Math.max(this.result.longestHistory, events) });
  }

  problem(...lines: readonly string[]): void {
    this.set({ problems: [...this.result.problems, ...lines] });
  }
}
