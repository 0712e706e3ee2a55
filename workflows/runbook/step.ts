/** What can be taken back: nothing to take back, yes, or no. */
export type Risk = 'readOnly' | 'reversible' | 'pointOfNoReturn';

/** Values that a plan, a report or a person is shown. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>;

/** One call that a step would make (a plan) or made. `target` is the resource as the operator knows it. */
export interface PlannedCall {
  /** `rds`, `ec2`, `bitbucket`, `host`, … */
  readonly service: string;
  /** The operation by the service's own name, e.g. `PromoteReadReplica`, or the script's name for `host`. */
  readonly action: string;
  /** AWS region; absent for what is not regional (Route 53, HTTP calls). */
  readonly region?: string;
  readonly target: string;
  readonly parameters?: Facts;
}

/** Something that stands in the way. */
export interface Problem {
  /** Stable word in camel case, e.g. `replicaLagAboveLimit`. */
  readonly code: string;
  /** What is wrong, with the figures. */
  readonly message: string;
  /** What the operator can do about it. */
  readonly remedy: string;
  /** Name of the gate whose explicit consent (with a reason) passes this problem. Absent: nothing passes it. */
  readonly consent?: string;
  /**
   * How bad it is, in a unit of its own, e.g. seconds of loss. A consent covers up to twice the figure that people were
   * shown; absent: it covers the problem whatever it says.
   */
  readonly figure?: number;
}

/** The answer of a step's `check`. It comes from reads only. */
export interface Check<O> {
  /** `done`: the effect is already there and `run` will adopt it. */
  readonly state: 'needed' | 'done';
  /** What is there before: shown in the plan, handed to `undo`. Must survive JSON. */
  readonly before: Facts;
  /** The calls that `run` would make, in order. Empty when `done` and for read-only steps. */
  readonly calls: readonly PlannedCall[];
  /** All problems, not the first. */
  readonly problems: readonly Problem[];
  /** The output as far as it can be known now; use `later('…')` for identifiers that only `run` brings. */
  readonly output: O;
  /** What `undo` would do, one sentence; absent when there is no way back. */
  readonly undo?: string;
  /**
   * The facts on which a person's approval rests. If they differ between the approved plan and the check right before
   * `run`, the run asks again. Leave out whatever moves by itself.
   */
  readonly material?: Facts;
  /** Anything worth telling that is no problem. */
  readonly notes?: readonly string[];
}

/** The answer of a step's `verify`: the final output, and the facts that prove the effect. */
export interface Verified<O> {
  readonly output: O;
  readonly facts: Facts;
  /** Something that works less well than it should; the run then ends DEGRADED at best. */
  readonly degraded?: readonly string[];
}

/** The answer of a step's `undo`. */
export interface Undone {
  /** False when the effect was absent and nothing had to be done. */
  readonly changed: boolean;
  readonly facts: Facts;
  /** What people have to look at because of it: the undo gives back what was there, not that it works. */
  readonly followUp?: string;
}

/** How often a wait looks, in seconds. Slow far from the expected end, tight near it. */
export interface Pace {
  readonly expectedSeconds: number;
  readonly fastestSeconds: number;
  readonly slowestSeconds: number;
}

/** Which run a step belongs to. */
interface RunIdentity {
  /** Anybody may start a second run under an id whose first one has ended: it does not tell runs apart. */
  readonly workflowId: string;
  /** Of this execution. */
  readonly runId: string;
  /** Of the first execution, where the run has continued as new: what was made then is this run's as well. */
  readonly firstRunId: string;
  readonly runbook: string;
}

/** What every part of a step is told about the run it belongs to. */
export interface StepContext {
  readonly instance: string;
  readonly run: RunIdentity;
  /** The step's id, unique within the run, e.g. `startNode.2`. */
  readonly step: string;
  /** Fencing token of the instance's lease; null where nothing may be changed (plan, dry run). */
  readonly token: number | null;
  readonly pace: Pace;
  /** What that lease is for, where it is a part of the instance only. */
  readonly lease?: string;
}

/** The one argument of a step's activities; each uses the members that its part is given. */
export interface StepCall<I, O> {
  readonly input: I;
  readonly context: StepContext;
  /** `verify` and `undo`: what `run` returned; absent for read-only steps, or if `run`'s answer was lost before undo. */
  readonly output?: O;
  /** `undo`: the facts found by the check before `run`. */
  readonly before?: Facts;
}

/** AWS and HTTP calls that an activity made, counted in the activity. */
export interface CallCount {
  readonly total: number;
  readonly mutating: number;
  readonly byRegion: Readonly<Record<string, number>>;
}

/** What a step's activity returns: its answer and what it cost. */
export interface Counted<T> {
  readonly value: T;
  readonly calls: CallCount;
}

/**
 * A step: the unit that an operator sees, retries, skips and undoes. The contract says what it is; the implementation
 * lives in `activities/` and shares the types. `Input` and `Output` must survive JSON.
 */
export interface StepContract<I, O> {
  /** Camel case verb phrase; prefix of the activity types `<name>.check|run|verify|undo`. */
  readonly name: string;
  readonly title: string;
  readonly risk: Risk;
  /** Budget for `run` and for `verify` each, seconds; the policy may override it by the step's name. */
  readonly deadlineSeconds: number;
  /** How long it usually takes, seconds: sets the pace of the waits and the plan's total. */
  readonly expectedSeconds: number;
  /** How long one look of `verify` may take, seconds; a minute unless told. */
  readonly attemptSeconds?: number;
  /**
   * What the procedure goes on with when people skip the step: it claims nothing that was not seen. `null`: what follows
   * needs what the step brings, so that it cannot be skipped. Unless told, what `run` has answered, or else what the check
   * foresaw, if that holds no stand-in (`later`).
   */
  readonly whenSkipped?: O | null;
  readonly types?: { readonly input: I; readonly output: O };
}

export function defineStep<I, O>(contract: Omit<StepContract<I, O>, 'types'>): StepContract<I, O> {
  return contract;
}

/** Something that is waited for: a read-only step, and what its `verify` is to see. */
export interface Condition {
  readonly contract: Omit<StepContract<unknown, unknown>, 'types'>;
  readonly input: unknown;
}

/** A question to the world that changes nothing: one activity `<name>.look`, returning facts. */
export interface ObservationContract<I, O> {
  readonly name: string;
  readonly title: string;
  /** Budget of the look with all its retries, seconds. */
  readonly deadlineSeconds: number;
  readonly types?: { readonly input: I; readonly output: O };
}

export function defineObservation<I, O>(
  contract: Omit<ObservationContract<I, O>, 'types'>,
): ObservationContract<I, O> {
  return contract;
}
