import { remaining, standing } from './handover';
import type { RemainingStep } from './handover';
import type { FleetProgress } from './fleet-rules';
import type { Plan } from './plan';
import type { Ask, NoticeRecord, Outcome, RunFact, RunState, StepRecord, StepState } from './state';
import type { CallCount, Facts, Problem, Risk } from './step';

export interface ReportStep {
  readonly id: string;
  readonly title: string;
  readonly risk: Risk;
  readonly state: StepState;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly seconds: number | null;
  readonly tries: number;
  readonly proof: Facts;
  readonly error: string | null;
}

/** Recovery time, split by what it was spent on. Seconds; total = from the incident, if its time is known, to now or the end. */
interface RecoveryTime {
  readonly detectSeconds: number;
  readonly decideSeconds: number;
  readonly actSeconds: number;
  readonly verifySeconds: number;
  readonly totalSeconds: number;
}

export interface Report {
  readonly runbook: string;
  readonly instance: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly outcome: Outcome | null;
  readonly conclusion: string | null;
  readonly dryRun: boolean;
  readonly requestedBy: string | null;
  readonly reason: string | null;
  readonly trigger: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly planHash: string | null;
  readonly facts: readonly RunFact[];
  readonly problems: readonly Problem[];
  readonly steps: readonly ReportStep[];
  readonly asks: readonly Ask[];
  /** Who was told of what, or could not be. */
  readonly notices: readonly NoticeRecord[];
  readonly rto: RecoveryTime;
  readonly calls: CallCount;
  readonly degraded: readonly string[];
  readonly followUps: readonly string[];
  /** Of a run over many instances. */
  readonly fleet?: FleetProgress;
  /** What stands when the run stopped past a point of no return, or with an incomplete undo. */
  readonly standing: readonly string[];
  /** What is then left to do, or to take back, by hand. */
  readonly remaining: readonly RemainingStep[];
  readonly [extra: string]: unknown;
}

/** The report as it stands at `now` (epoch milliseconds); a pure function of state and plan. */
export function reportOf(state: RunState, plan: Plan | null, now: number): Report {
  return {
    runbook: state.runbook,
    instance: state.instance,
    workflowId: state.workflowId,
    runId: state.runId,
    outcome: state.outcome,
    conclusion: state.conclusion,
    dryRun: state.dryRun,
    requestedBy: state.requestedBy,
    reason: state.reason,
    trigger: state.trigger,
    startedAt: state.startedAt,
    endedAt: state.endedAt,
    planHash: state.planHash,
    facts: state.facts,
    problems: state.problems,
    steps: state.steps.map(reportStep),
    asks: state.asks,
    notices: state.notices,
    rto: recoveryTime(state, now),
    calls: state.calls,
    degraded: state.degraded,
    followUps: state.followUps,
    ...(state.fleet === undefined ? {} : { fleet: state.fleet }),
    standing: standing(state),
    remaining: remaining(state, plan),
    ...state.extras,
  };
}

function reportStep(step: StepRecord): ReportStep {
  const { id, title, risk, startedAt, endedAt, tries, proof, error } = step;
  const seconds = startedAt === null || endedAt === null ? null : secondsBetween(startedAt, endedAt);
  return { id, title, risk, state: step.state, startedAt, endedAt, seconds, tries, proof, error };
}

function recoveryTime(state: RunState, now: number): RecoveryTime {
  const end = state.endedAt ?? new Date(now).toISOString();
  const spent = (phase: string): number =>
    (state.phaseSeconds[phase] ?? 0) + (state.phase === phase ? secondsBetween(state.phaseSince, end) : 0);
  const before =
    state.incidentStartedAt === null
      ? 0
      : Math.max(0, secondsBetween(state.incidentStartedAt, state.startedAt));
  const detect = before + spent('admitting') + spent('waiting') + spent('observing') + spent('planning');
  return {
    detectSeconds: round(detect),
    decideSeconds: round(spent('asking')),
    actSeconds: round(spent('executing') + spent('undoing')),
    verifySeconds: round(spent('verifying')),
    totalSeconds: round(before + secondsBetween(state.startedAt, end)),
  };
}

export function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
