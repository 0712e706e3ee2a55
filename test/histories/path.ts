import type { BenchOptions, FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import type { Outcome } from '../../workflows/runbook/state';

/** One way through a runbook that must replay with every later version of the code. */
export interface Path<Bench> {
  /** Name of the file, kebab case, without its ending. */
  readonly name: string;
  /** How the run must have ended for the recording to count; null: it is open, or went on as a new execution. */
  readonly outcome: Outcome | null;
  /** Brings a run to where it is recorded. */
  readonly live: (bench: Bench) => Promise<LiveRun>;
}

/** Paths that one world serves, in this order. */
export interface PathWorld {
  /** What `npm run record-histories -- NAME` records alone. */
  readonly name: string;
  readonly options: BenchOptions;
  readonly prepare?: (bench: FailoverBench) => Promise<void>;
  readonly paths: readonly Path<FailoverBench>[];
}
