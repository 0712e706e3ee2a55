import type { ChildEnd } from './children';
import type { FleetOrder } from './fleet';
import type { FleetProgress } from './fleet-rules';
import type { Leaving } from './leaving';
import type { RunPolicy } from './policy';
import type { Condition, ObservationContract, Problem, StepContract } from './step';
import type { Attempt } from './trial';

export interface StepOptions {
  /** Distinguishes several uses of one contract, e.g. `startNode.2`; the contract's name unless told. */
  readonly id?: string;
  readonly title?: string;
}

/** Something that stands for people to use. */
export interface Standing {
  readonly title: string;
  /** What they have to know of it. */
  readonly evidence: readonly string[];
  readonly seconds: number;
}

/** How long a part may take in which people are not waited for, and why they are not. */
export interface Hurry {
  /** Continues "while …", e.g. `users are locked out`. */
  readonly why: string;
  readonly limitSeconds: number;
}

/** The start message of a child. */
export type ChildMessage = { readonly instance: string } & Readonly<Record<string, unknown>>;

/**
 * What a procedure works with. The same procedure is run twice: once to plan, where every step only checks, and once to
 * execute. It must therefore decide from observations and outputs alone, and in the same way both times.
 */
export interface Run<Input, Subject, Policy extends RunPolicy> {
  readonly input: Input;
  /** What the runbook acts on, as pinned by admit. */
  readonly subject: Subject;
  readonly policy: Policy;
  /** When the trouble began, ISO 8601; the run's start where nobody said. */
  readonly incidentStartedAt: string;
  /** `plan`: nothing is changed, outputs may hold stand-ins (`later`). */
  readonly pass: 'plan' | 'execute';
  observe<I, O>(contract: ObservationContract<I, O>, input: I): Promise<O>;
  /** An observation for the report only, made in the execution: when it fails the run is degraded and goes on. */
  measure<I, O>(contract: ObservationContract<I, O>, input: I): Promise<O | null>;
  /** Checks; in the execution also runs and verifies, asks when it fails, and registers the undo. */
  step<I, O>(contract: StepContract<I, O>, input: I, options?: StepOptions): Promise<O>;
  /**
   * Steps that do not depend on each other, side by side. All come to their end before the first failure is passed on,
   * so that an undo never meets a step that is still running. When one of them ends the run or the part around them, the
   * others end as by a cancel; past a point of no return they go on to their own end.
   */
  together<T>(...work: readonly (() => Promise<T>)[]): Promise<readonly T[]>;
  /**
   * Does `work`, and looks meanwhile for something that may come or not: when it does, `then` is done at once, beside the
   * work. All of it has come to its end when this returns; with the work done, nobody waits any longer. When the look
   * itself fails, the run is degraded and goes on. When `then` ends the run, the work ends as by a cancel. A plan does the
   * work alone.
   */
  meanwhile<T>(work: () => Promise<T>, condition: Condition, then: () => Promise<void>): Promise<T>;
  /**
   * Work whose failure is an answer and no question: a step that has failed for good, with the retries of the policy, ends
   * it, and nobody is asked. What it did until then stands. A plan finds no failures.
   */
  attempt<T>(work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<Attempt<T>>;
  /**
   * Work of which nothing stays: at its end everything that its steps have done is undone, however it ended, in the scope
   * that a cancel does not reach. When the time is over it is ended as by a cancel, and fails; a hold does not stop the
   * clock. What could not be undone is told, and the run ends DEGRADED. It must hold no point of no return.
   */
  temporary<T>(limitSeconds: number, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T>;
  /**
   * Leaves what was done standing until a person, the starter among them, says that it is no longer needed, or the time is
   * over: silence lets it go. A plan does not wait.
   * @returns who said so; null when nobody did
   */
  keep(name: string, standing: Standing): Promise<string | null>;
  /** People approve the plan here, as the policy says for this gate. */
  gate(name: string, title: string): Promise<void>;
  /**
   * Here the run may end for an emergency and leave what it has done, in the state that `stands` says, e.g. "node 2 runs
   * the new version, upgrade mode is on". A run that has changed nothing lets go anywhere.
   */
  safePoint(stands: string): Promise<void>;
  /**
   * Work that an emergency may cut short wherever it is, a wait of hours as well as a call: it ends as by a cancel, also
   * in a region that does not answer. `leaving` says what becomes of what was done. Before a point of no return that is
   * not to be cut, it must end.
   */
  leavable<T>(leaving: Leaving, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T>;
  /**
   * Work in which people are not waited for: a hold takes effect after it, a failed step does not ask but aborts, and so
   * does a question about a changed plan. When the time is over it is ended as by a cancel, and fails.
   */
  hurried<T>(hurry: Hurry, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T>;
  /**
   * Work that the run can do without. Where the policy says `degrade` for a step of it that has failed for good, it ends
   * there: what it did is taken back, unless it has passed a point of no return, and the run goes on and ends DEGRADED.
   * @param what e.g. `the copy at dublin`
   * @returns null when it was left out
   */
  optional<T>(what: string, work: (run: Run<Input, Subject, Policy>) => Promise<T>): Promise<T | null>;
  /**
   * Runs a runbook for another instance as a child, to its end; held and cancelled with this run. A plan does not start it.
   */
  child(runbook: string, message: ChildMessage): Promise<ChildEnd | null>;
  /**
   * Runs a runbook for many instances, so many at once, to their ends. The run may continue as new meanwhile: the
   * procedure is then called once more, finds its gates passed, and comes here again with the same order. Before it there
   * must be gates and observations alone; a run with a step of its own to take back keeps all in one history. A plan
   * starts nothing.
   */
  fleet(order: FleetOrder): Promise<FleetProgress | null>;
  /**
   * Leaves a run behind that goes on when this one has ended: under the same starter, with nothing held. A plan does not
   * start it. Answers its workflow id; null in a plan, and where it could not be started, which is then told.
   */
  leave(runbook: string, message: ChildMessage): Promise<string | null>;
  /** Adds a problem found by the procedure's own decisions. Without `consent` the plan is refused, at its end. */
  problem(problem: Problem): Promise<void>;
  /** Ends the pass: the procedure cannot be planned any further. */
  refuse(problem: Problem): never;
  /** A figure for people: shown, and part of what they approve. */
  fact(label: string, value: string): void;
  /** Steps from here on count as verification. */
  verifying(): void;
  /** The run cannot end better than DEGRADED. */
  degraded(why: string): void;
  /** Something that people have to do after the run. */
  followUp(what: string): void;
  /** A member of the report's own, e.g. `rpo`. */
  report(name: string, value: unknown): void;
}

export type Procedure<Input, Subject, Policy extends RunPolicy> = (
  run: Run<Input, Subject, Policy>,
) => Promise<void>;

/** Runs all to their end, then answers their values or throws the first failure in the order given. */
export async function settleAll<T>(work: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(work.map((one) => one()));
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
