/** Who must agree at a gate. `auto`: the policy itself approves, and that is recorded. */
export type GatePolicy =
  | 'auto'
  | {
      /** How many distinct people. */
      readonly approvals: number;
      /** Roles of which a person must have one; empty = anybody the estate names. */
      readonly roles: readonly string[];
      /** Without enough approvals by then the gate counts as denied. */
      readonly timeoutSeconds: number;
    };

/** What happens when a step has failed for good: ask people, try again so many times and then ask, or abort. */
export type FailureAnswer = 'ask' | 'abort' | { readonly retry: number };

export interface Person {
  readonly name: string;
  readonly roles: readonly string[];
}

/** The part of the policy that the kit itself reads. Durations in seconds. */
export interface RunPolicy {
  readonly gates: Readonly<Record<string, GatePolicy>>;
  readonly failures: {
    readonly default: FailureAnswer;
    readonly steps: Readonly<Record<string, FailureAnswer>>;
    /** How long a failed step waits for a decision before it counts as `abort`. */
    readonly decisionTimeoutSeconds: number;
  };
  readonly polling: { readonly fastestSeconds: number; readonly slowestSeconds: number };
  /** Overrides of the contracts' figures by step name. */
  readonly expected: Readonly<Record<string, number>>;
  readonly deadlines: Readonly<Record<string, number>>;
  readonly lease: { readonly whenBusy: 'refuse' | 'wait'; readonly waitSeconds: number };
  readonly antiFlap: { readonly windowSeconds: number };
  /** A worker that is silent for so long is replaced. Absent in runs that were admitted before there was a choice. */
  readonly worker?: { readonly deadAfterSeconds: number };
}

/** Gate that the policy does not mention: one person of any role, half an hour. */
const UNNAMED_GATE: GatePolicy = { approvals: 1, roles: [], timeoutSeconds: 1800 };

export function gatePolicy(policy: RunPolicy, gate: string): GatePolicy {
  return policy.gates[gate] ?? UNNAMED_GATE;
}

export function failureAnswer(policy: RunPolicy, step: string): FailureAnswer {
  return policy.failures.steps[step] ?? policy.failures.default;
}
