import type { LeaseHolder } from './lease';
import type { NotificationEvent, NotificationTarget, Person, RunPolicy, SignaturePolicy } from './policy';
import type { AskKind, Outcome, Verdict } from './state';
import type { CallCount } from './step';

/** What `admit` pins in history: the parsed request, the instance as the estate describes it, people and policy. */
export interface Admission<Input, Subject, Policy extends RunPolicy> {
  readonly instance: string;
  readonly dryRun: boolean;
  readonly reason: string | null;
  /** The person who started the run, if known; excluded from approving. */
  readonly requestedBy: string | null;
  /** `manual`, or what started it: `schedule`, `webhook`, … */
  readonly trigger: string;
  /** When the trouble began, ISO 8601, if the starter said so. */
  readonly incidentStartedAt: string | null;
  /** The change freeze that is on at the start; null = none. */
  readonly freeze: { readonly until: string; readonly reason: string } | null;
  /** The reason with which the starter breaks a change freeze. */
  readonly breakGlass: string | null;
  readonly input: Input;
  readonly subject: Subject;
  readonly people: readonly Person[];
  readonly policy: Policy;
}

export interface LeaseRequest {
  /** What is to be held: an instance, or a part of it. */
  readonly instance: string;
  readonly runbook: string;
  readonly trigger: string;
  readonly whenBusy: 'refuse' | 'wait';
  /** This run is never asked to let go, and stands before others that wait. */
  readonly emergency: boolean;
  /** No block after a recovery is for it. */
  readonly onlyAdds?: boolean;
  /** Ask the holder to let go at its nearest safe point. */
  readonly preempt: boolean;
  /** With `preempt`: token of the holder whose letting go people consented to; another one is answered, and left alone. */
  readonly consented?: number;
  /** Since when the run wants the lease, ISO 8601. */
  readonly since: string;
  /** Run id of the execution that this one continues, whose lease it takes over. */
  readonly continues?: string;
}

export type LeaseAnswer =
  | { readonly granted: true; readonly token: number }
  | {
      readonly granted: false;
      readonly why: string;
      readonly remedy: string;
      /** Absent when nobody holds it: the start is blocked, or another run waits before this one. */
      readonly holder?: LeaseHolder;
    };

export interface LeaseRelease {
  readonly instance: string;
  /** Null: only the run's waiting ends. */
  readonly token: number | null;
  /** Set after a recovery: automatic starts are blocked for so long. */
  readonly blockSeconds: number;
}

/** A signed decision, and what its proof must say. */
export interface ProofRequest {
  /** Compact JWS. */
  readonly proof: string;
  readonly decision: {
    readonly ask: string;
    readonly verdict: Verdict;
    readonly actor: string;
    readonly note: string | null;
    readonly planHash: string | null;
  };
  readonly run: { readonly workflowId: string; readonly runId: string };
  readonly people: readonly Person[];
  readonly rules: SignaturePolicy;
}

export type ProofAnswer =
  | { readonly valid: true; readonly kid: string; readonly jti: string; readonly issuedAt: string }
  | { readonly valid: false; readonly why: string };

/** What people are told of a run. */
export interface Notice {
  readonly event: NotificationEvent;
  /** When it happened, ISO 8601. */
  readonly at: string;
  readonly instance: string;
  readonly runbook: string;
  readonly workflowId: string;
  readonly runId: string;
  /** One line for people. */
  readonly text: string;
  /** Where it is sent; null: the worker's log. */
  readonly target: NotificationTarget | null;
  /** The question that waits, and for whom. */
  readonly ask?: {
    readonly id: string;
    readonly kind: AskKind;
    readonly title: string;
    readonly evidence: readonly string[];
    readonly verdicts: readonly Verdict[];
    readonly roles: readonly string[];
    /** Of an escalation: those who have one of the roles, with their contact where the estate has one. */
    readonly people: readonly { readonly name: string; readonly contact: string | null }[];
    readonly deadlineAt: string;
  };
  readonly end?: { readonly outcome: Outcome; readonly conclusion: string | null };
}

/** The activities that the kit itself needs; implemented in `activities/runbook/`. */
export interface KitActivities {
  admit(request: {
    readonly runbook: string;
    readonly message: unknown;
  }): Promise<Admission<unknown, unknown, RunPolicy>>;
  acquireLease(request: LeaseRequest): Promise<LeaseAnswer>;
  releaseLease(release: LeaseRelease): Promise<void>;
  verifyProof(request: ProofRequest): Promise<ProofAnswer>;
  /** Answers how they were told, in words. */
  notify(notice: Notice): Promise<string>;
}

export type StepActivity = (call: unknown) => Promise<{ readonly value: unknown; readonly calls: CallCount }>;
