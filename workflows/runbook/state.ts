import type { FleetProgress } from './fleet-rules';
import type { Identity, NotificationEvent } from './policy';
import type { CallCount, Facts, Problem, Risk } from './step';

export type Phase =
  | 'admitting'
  | 'waiting'
  | 'observing'
  | 'planning'
  | 'asking'
  | 'executing'
  | 'undoing'
  | 'verifying'
  | 'ended';

export type Outcome =
  'SUCCEEDED' | 'DEGRADED' | 'PLANNED' | 'REFUSED' | 'DENIED' | 'UNDONE' | 'UNDO_INCOMPLETE' | 'HANDED_OVER';

export type Verdict = 'approve' | 'deny' | 'retry' | 'skip' | 'abort';

export type StepState =
  | 'planned'
  | 'checking'
  | 'running'
  | 'verifying'
  | 'waiting'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'undoing'
  | 'undone'
  | 'undoFailed';

/** All times are ISO 8601 in UTC. */
export interface StepRecord {
  readonly id: string;
  readonly title: string;
  readonly risk: Risk;
  readonly state: StepState;
  readonly expectedSeconds: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** How often the step was started, retries by people included. */
  readonly tries: number;
  /** What verify saw; the proof of the effect. */
  readonly proof: Facts;
  /** The last failure, in words for the operator. */
  readonly error: string | null;
}

export interface Decision {
  readonly actor: string;
  readonly verdict: Verdict;
  readonly at: string;
  readonly note: string | null;
  /** Whether the actor proved who they are. Absent: `stated`. */
  readonly identity?: Identity;
  /** What proved it; kept whole, so that an auditor can verify it with the public key of the estate. */
  readonly proof?: {
    readonly kid: string;
    readonly jti: string;
    readonly issuedAt: string;
    readonly jws: string;
  };
}

/** The second group of an ask: from `since` on it may decide as well. */
interface AskEscalation {
  readonly roles: readonly string[];
  readonly dueAt: string;
  /** When the question was passed on to them; null = not yet. */
  readonly since: string | null;
  /** How telling them went, in words; null = not yet known. */
  readonly told: string | null;
}

/** `release`: what stands is wanted until somebody says otherwise; silence lets it go. */
export type AskKind = 'gate' | 'consent' | 'drift' | 'failedStep' | 'failedUndo' | 'release';

/** Something that the run wants from people. */
export interface Ask {
  readonly id: string;
  readonly kind: AskKind;
  readonly title: string;
  /** What the decision rests on, one line each. */
  readonly evidence: readonly string[];
  readonly verdicts: readonly Verdict[];
  /** Roles of which a person must have one; empty = anybody whom the estate names. */
  readonly roles: readonly string[];
  readonly needed: number;
  readonly noteRequired: boolean;
  /** Absent: `stated`. */
  readonly identity?: Identity;
  readonly escalation?: AskEscalation;
  /** How long the approval holds for a change that has yet to start, seconds. Absent: for ever. */
  readonly approvalSeconds?: number;
  /** An approval must name this hash, or none. Null where no plan is approved. */
  readonly planHash: string | null;
  readonly openedAt: string;
  readonly deadlineAt: string;
  readonly decisions: readonly Decision[];
  /** How it was closed; null while open. `timeout` counts as deny or abort. */
  readonly result: Verdict | 'timeout' | 'policy' | 'withdrawn' | null;
  readonly closedAt: string | null;
}

/** A decision that was not accepted; kept so that whoever sent it as a signal finds out why. */
export interface Refusal {
  readonly at: string;
  readonly ask: string;
  readonly actor: string;
  readonly why: string;
}

/** That somebody was told of something, or could not be. */
export interface NoticeRecord {
  readonly at: string;
  readonly event: NotificationEvent;
  readonly ask: string | null;
  /** Name of the receiver. */
  readonly target: string;
  readonly delivered: boolean;
  /** How it went, in words. */
  readonly how: string;
}

export interface RunFact {
  readonly label: string;
  readonly value: string;
}

/** The whole state of a run: what `status` answers, and what every rendering is made of. */
export interface RunState {
  readonly runbook: string;
  readonly instance: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly dryRun: boolean;
  readonly reason: string | null;
  readonly requestedBy: string | null;
  readonly trigger: string;
  readonly phase: Phase;
  readonly startedAt: string;
  readonly phaseSince: string;
  readonly endedAt: string | null;
  /** Seconds spent in each phase so far, without the present one. */
  readonly phaseSeconds: Readonly<Record<string, number>>;
  /** When the outage began, if the starter said so. */
  readonly incidentStartedAt: string | null;
  readonly outcome: Outcome | null;
  /** One sentence on how it ended, or null. */
  readonly conclusion: string | null;
  readonly planHash: string | null;
  readonly problems: readonly Problem[];
  readonly facts: readonly RunFact[];
  readonly steps: readonly StepRecord[];
  readonly asks: readonly Ask[];
  readonly refusals: readonly Refusal[];
  readonly notices: readonly NoticeRecord[];
  readonly held: { readonly actor: string; readonly reason: string | null; readonly since: string } | null;
  /** Why people are not waited for at the moment, e.g. `users are locked out`; absent or null where they are. */
  readonly hurry?: string | null;
  /** Where its children stand, of a run over many instances; absent in any other. */
  readonly fleet?: FleetProgress;
  /** The hold of the run that started this one as a child. */
  readonly heldWithParent: RunState['held'];
  /** The emergency for which this run was asked to let go. */
  readonly preemptedBy: { readonly workflowId: string; readonly runbook: string; readonly at: string } | null;
  /** The reason with which a change freeze was broken for this run. */
  readonly breakGlass: string | null;
  /** Id of the first point of no return that was passed. */
  readonly pastPointOfNoReturn: string | null;
  /** Why the run cannot end better than DEGRADED. */
  readonly degraded: readonly string[];
  /** What people still have to do after the run. */
  readonly followUps: readonly string[];
  readonly calls: CallCount;
  /** What the runbook itself adds to the report, e.g. `rpo`. */
  readonly extras: Readonly<Record<string, unknown>>;
}

export const NO_CALLS: CallCount = { total: 0, mutating: 0, byRegion: {} };

/** Roles that may decide now: after the escalation those of the second group as well. */
export function rolesNow({ roles, escalation }: Ask): readonly string[] {
  const since = escalation?.since ?? null;
  if (escalation === undefined || since === null || roles.length === 0) return roles;
  return [...new Set([...roles, ...escalation.roles])];
}

export function openAsks(state: RunState): readonly Ask[] {
  return state.asks.filter((ask) => ask.result === null);
}

/** Held by a person, or with the run that started it. */
export function isHeld(state: RunState): boolean {
  return state.held !== null || state.heldWithParent !== null;
}
