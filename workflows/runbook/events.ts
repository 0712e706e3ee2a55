import type { FleetProgress } from './fleet-rules';
import type {
  Ask,
  Decision,
  NoticeRecord,
  Outcome,
  Phase,
  Refusal,
  RunState,
  StepRecord,
  StepState,
} from './state';
import { NO_CALLS } from './state';
import type { CallCount, Facts, Problem } from './step';
import { secondsBetween } from './report';

/** Everything that can happen to a run's state. `at` is ISO 8601. */
export type RunEvent =
  | {
      readonly type: 'admitted';
      readonly instance: string;
      readonly dryRun: boolean;
      readonly reason: string | null;
      readonly requestedBy: string | null;
      readonly trigger: string;
      readonly incidentStartedAt: string | null;
      readonly breakGlass: string | null;
    }
  | { readonly type: 'phase'; readonly phase: Phase; readonly at: string }
  | {
      readonly type: 'planned';
      readonly hash: string;
      readonly problems: readonly Problem[];
      readonly steps: readonly StepRecord[];
    }
  | { readonly type: 'problem'; readonly problem: Problem }
  | { readonly type: 'fact'; readonly label: string; readonly value: string }
  | { readonly type: 'stepStarted'; readonly step: StepRecord; readonly at: string }
  | {
      readonly type: 'step';
      readonly id: string;
      readonly state: StepState;
      readonly at: string;
      readonly proof?: Facts;
      readonly error?: string | null;
    }
  | { readonly type: 'asked'; readonly ask: Ask }
  | { readonly type: 'decided'; readonly ask: string; readonly decision: Decision }
  | { readonly type: 'escalated'; readonly ask: string; readonly at: string }
  | { readonly type: 'told'; readonly ask: string; readonly how: string }
  | { readonly type: 'notified'; readonly notice: NoticeRecord }
  | { readonly type: 'replanned'; readonly hash: string }
  | {
      readonly type: 'askClosed';
      readonly ask: string;
      readonly result: NonNullable<Ask['result']>;
      readonly at: string;
    }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'held'; readonly held: RunState['held'] }
  | { readonly type: 'hurry'; readonly why: string | null }
  | { readonly type: 'fleet'; readonly fleet: FleetProgress }
  | { readonly type: 'heldWithParent'; readonly held: RunState['held'] }
  | { readonly type: 'preempted'; readonly by: NonNullable<RunState['preemptedBy']> }
  | { readonly type: 'pointOfNoReturn'; readonly step: string }
  | { readonly type: 'degraded'; readonly why: string }
  | { readonly type: 'followUp'; readonly what: string }
  | { readonly type: 'calls'; readonly calls: CallCount }
  | { readonly type: 'extra'; readonly name: string; readonly value: unknown }
  | { readonly type: 'ended'; readonly outcome: Outcome; readonly conclusion: string; readonly at: string };

const REFUSALS_KEPT = 20;
const NOTICES_KEPT = 50;

export function initialState(
  runbook: string,
  workflowId: string,
  runId: string,
  startedAt: string,
): RunState {
  return {
    runbook,
    instance: '',
    workflowId,
    runId,
    dryRun: false,
    reason: null,
    requestedBy: null,
    trigger: 'manual',
    phase: 'admitting',
    startedAt,
    phaseSince: startedAt,
    endedAt: null,
    phaseSeconds: {},
    incidentStartedAt: null,
    outcome: null,
    conclusion: null,
    planHash: null,
    problems: [],
    facts: [],
    steps: [],
    asks: [],
    refusals: [],
    notices: [],
    held: null,
    heldWithParent: null,
    preemptedBy: null,
    breakGlass: null,
    pastPointOfNoReturn: null,
    degraded: [],
    followUps: [],
    calls: NO_CALLS,
    extras: {},
  };
}

/** The next state; a pure function. */
export function reduce(state: RunState, event: RunEvent): RunState {
  switch (event.type) {
    case 'admitted': {
      const { type: _type, ...admitted } = event;
      return { ...state, ...admitted };
    }
    case 'phase':
      return enterPhase(state, event.phase, event.at);
    case 'planned':
      return { ...state, planHash: event.hash, problems: event.problems, steps: event.steps };
    case 'problem':
      return { ...state, problems: [...state.problems, event.problem] };
    case 'fact':
      return {
        ...state,
        facts: [
          ...state.facts.filter((fact) => fact.label !== event.label),
          { label: event.label, value: event.value },
        ],
      };
    case 'stepStarted':
      return startStep(state, event.step, event.at);
    case 'step':
      return {
        ...state,
        steps: state.steps.map((step) => (step.id === event.id ? changeStep(step, event) : step)),
      };
    case 'asked':
      return { ...state, asks: [...state.asks, event.ask] };
    case 'decided':
      return changeAsk(state, event.ask, (ask) => ({
        ...ask,
        decisions: [...ask.decisions, event.decision],
      }));
    case 'escalated':
      return changeAsk(state, event.ask, (ask) => changeEscalation(ask, { since: event.at }));
    case 'told':
      return changeAsk(state, event.ask, (ask) => changeEscalation(ask, { told: event.how }));
    case 'notified':
      return { ...state, notices: [...state.notices, event.notice].slice(-NOTICES_KEPT) };
    case 'replanned':
      return { ...state, planHash: event.hash };
    case 'askClosed':
      return changeAsk(state, event.ask, (ask) => ({ ...ask, result: event.result, closedAt: event.at }));
    case 'refused':
      return { ...state, refusals: [...state.refusals, event.refusal].slice(-REFUSALS_KEPT) };
    case 'held':
      return { ...state, held: event.held };
    case 'hurry':
      return { ...state, hurry: event.why };
    case 'fleet':
      return { ...state, fleet: event.fleet };
    case 'heldWithParent':
      return { ...state, heldWithParent: event.held };
    case 'preempted':
      return state.preemptedBy === null ? { ...state, preemptedBy: event.by } : state;
    case 'pointOfNoReturn':
      return state.pastPointOfNoReturn === null ? { ...state, pastPointOfNoReturn: event.step } : state;
    case 'degraded':
      return state.degraded.includes(event.why)
        ? state
        : { ...state, degraded: [...state.degraded, event.why] };
    case 'followUp':
      return state.followUps.includes(event.what)
        ? state
        : { ...state, followUps: [...state.followUps, event.what] };
    case 'calls':
      return { ...state, calls: addCalls(state.calls, event.calls) };
    case 'extra':
      return { ...state, extras: { ...state.extras, [event.name]: event.value } };
    case 'ended':
      return {
        ...enterPhase(state, 'ended', event.at),
        endedAt: event.at,
        outcome: event.outcome,
        conclusion: event.conclusion,
        held: null,
      };
  }
}

function enterPhase(state: RunState, phase: Phase, at: string): RunState {
  if (state.phase === phase) return state;
  const spent = (state.phaseSeconds[state.phase] ?? 0) + secondsBetween(state.phaseSince, at);
  return { ...state, phase, phaseSince: at, phaseSeconds: { ...state.phaseSeconds, [state.phase]: spent } };
}

function startStep(state: RunState, step: StepRecord, at: string): RunState {
  const known = state.steps.find((other) => other.id === step.id);
  const started: StepRecord = {
    ...(known ?? step),
    state: 'checking',
    startedAt: known?.startedAt ?? at,
    endedAt: null,
    error: null,
    tries: (known?.tries ?? 0) + 1,
  };
  const steps =
    known === undefined
      ? [...state.steps, started]
      : state.steps.map((other) => (other === known ? started : other));
  return { ...state, steps };
}

function changeStep(step: StepRecord, event: Extract<RunEvent, { type: 'step' }>): StepRecord {
  const ended = ['done', 'failed', 'skipped', 'undone', 'undoFailed'].includes(event.state);
  return {
    ...step,
    state: event.state,
    endedAt: ended ? event.at : step.endedAt,
    proof: event.proof ?? step.proof,
    error: event.error === undefined ? step.error : event.error,
  };
}

function changeAsk(state: RunState, id: string, change: (ask: Ask) => Ask): RunState {
  return { ...state, asks: state.asks.map((ask) => (ask.id === id ? change(ask) : ask)) };
}

function changeEscalation(ask: Ask, change: Partial<NonNullable<Ask['escalation']>>): Ask {
  return ask.escalation === undefined ? ask : { ...ask, escalation: { ...ask.escalation, ...change } };
}

function addCalls(left: CallCount, right: CallCount): CallCount {
  const regions = new Set([...Object.keys(left.byRegion), ...Object.keys(right.byRegion)]);
  return {
    total: left.total + right.total,
    mutating: left.mutating + right.mutating,
    byRegion: Object.fromEntries(
      [...regions]
        .sort()
        .map((region) => [region, (left.byRegion[region] ?? 0) + (right.byRegion[region] ?? 0)]),
    ),
  };
}
