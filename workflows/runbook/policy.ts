/** `stated`: a decision names its actor. `signed`: it also carries a proof made with that person's key. */
export type Identity = 'stated' | 'signed';

/** Who is told, and may decide as well, when a question has waited for so long. */
export interface Escalation {
  readonly afterSeconds: number;
  readonly roles: readonly string[];
}

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
      /** Absent: `stated`. */
      readonly identity?: Identity | undefined;
      readonly escalate?: Escalation | undefined;
      /** A change that starts later than this after the approval asks again. Absent: an approval does not expire. */
      readonly approvalLifetimeSeconds?: number | undefined;
    };

/**
 * What becomes of the run: people are asked, it is aborted, or it goes on without the part that it can do without
 * (`Run.optional`) and ends DEGRADED; where it cannot do without, `degrade` asks.
 */
type LastAnswer = 'ask' | 'abort' | 'degrade';

/** What happens when a step has failed for good: at once, or after so many tries more (then people are asked unless told). */
type FailureAnswer = LastAnswer | { readonly retry: number; readonly then?: LastAnswer | undefined };

export interface Person {
  readonly name: string;
  readonly roles: readonly string[];
  readonly contact?: string | undefined;
  /** Needed where decisions are signed. */
  readonly publicKey?: PublicKey | undefined;
}

/** An Ed25519 key as JWK; `kid` is its thumbprint (RFC 7638, SHA-256, base64url). */
export interface PublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
}

/** The part of the policy that the kit itself reads. Durations in seconds. */
export interface RunPolicy {
  readonly gates: Readonly<Record<string, GatePolicy>>;
  readonly failures: {
    readonly default: FailureAnswer;
    readonly steps: Readonly<Record<string, FailureAnswer>>;
    /** How long a failed step waits for a decision before it counts as `abort`. */
    readonly decisionTimeoutSeconds: number;
    readonly identity?: Identity | undefined;
    readonly escalate?: Escalation | undefined;
  };
  readonly polling: { readonly fastestSeconds: number; readonly slowestSeconds: number };
  /** Overrides of the contracts' figures by step name. */
  readonly expected: Readonly<Record<string, number>>;
  readonly deadlines: Readonly<Record<string, number>>;
  readonly lease: {
    readonly whenBusy: 'refuse' | 'wait';
    readonly waitSeconds: number;
    /** How long an emergency waits for a holder that was asked to let go. */
    readonly preemptSeconds: number;
  };
  readonly antiFlap: { readonly windowSeconds: number };
  /** How old a proof may be, and how far the clock of whoever signed may be ahead. */
  readonly signatures?: SignaturePolicy | undefined;
  /** A worker that is silent for so long is replaced. Absent in runs that were admitted before there was a choice. */
  readonly worker?: { readonly deadAfterSeconds: number };
  /** Who is told what happens to a run. Absent in runs that were admitted before there was a choice. */
  readonly notifications?: readonly NotificationTarget[] | undefined;
}

export type NotificationEvent = 'asked' | 'escalated' | 'ended';

/** A receiver of notices over HTTP. */
export interface NotificationTarget {
  readonly name: string;
  /** Its address, or the reference of a secret that holds it. */
  readonly webhook: string;
  /** Reference of the secret with which the notices are signed; absent: they are not. */
  readonly secret?: string | undefined;
  readonly events: readonly NotificationEvent[];
}

export interface SignaturePolicy {
  readonly lifetimeSeconds: number;
  readonly clockSkewSeconds: number;
}

export const SIGNATURES: SignaturePolicy = { lifetimeSeconds: 600, clockSkewSeconds: 60 };

/** Gate that the policy does not mention: one person of any role, half an hour; the approval holds for four hours. */
const UNNAMED_GATE: GatePolicy = {
  approvals: 1,
  roles: [],
  timeoutSeconds: 1800,
  approvalLifetimeSeconds: 4 * 3600,
};

export function gatePolicy(policy: RunPolicy, gate: string): GatePolicy {
  return policy.gates[gate] ?? UNNAMED_GATE;
}

/** How often the policy tries a failed step again, and what it says then. */
export function failureRule(
  { failures }: RunPolicy,
  step: string,
): { readonly retries: number; readonly then: LastAnswer } {
  const answer = failures.steps[step] ?? failures.default;
  return typeof answer === 'object'
    ? { retries: answer.retry, then: answer.then ?? 'ask' }
    : { retries: 0, then: answer };
}
