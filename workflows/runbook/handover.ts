import { describeFacts } from './facts';
import { describeFleet } from './fleet-rules';
import type { Plan } from './plan';
import type { RunState, StepRecord, StepState } from './state';
import { openAsks } from './state';
import type { Facts, PlannedCall } from './step';

/** A step that people have to finish, or to take back, by hand. */
export interface RemainingStep {
  readonly id: string;
  readonly title: string;
  /** `do`: nothing of it was done. `look`: it may have been done in part. `undo`: it could not be taken back. */
  readonly what: 'do' | 'look' | 'undo';
  /** The calls that the approved plan would make, in order; may hold stand-ins (`later`). Empty for an undo. */
  readonly calls: readonly PlannedCall[];
  /** How it is taken back, in words. */
  readonly undo: string | null;
}

const UNCERTAIN: readonly StepState[] = [
  'checking',
  'running',
  'verifying',
  'waiting',
  'failed',
  'undoing',
  'undoFailed',
];

/** What a successor finds: done and not undone, what was left in an uncertain state, what was not done. Pure. */
export function standing(state: RunState): readonly string[] {
  if (!isHandedOver(state)) return [];
  return [
    ...(state.fleet === undefined ? [] : [describeFleet(state.fleet)]),
    ...state.steps
      .filter((step) => step.state === 'done' && step.risk !== 'readOnly')
      .map((step) => `stands: ${named(step)}${proof(step.proof)}`),
    ...state.steps
      .filter((step) => UNCERTAIN.includes(step.state))
      .map(
        (step) =>
          `uncertain, look before acting: ${named(step)}${step.error === null ? '' : `: ${step.error}`}`,
      ),
    ...state.steps.filter((step) => step.state === 'planned').map((step) => `not done: ${named(step)}`),
    ...openAsks(state).map((ask) => `unanswered: ${ask.title} (${ask.id})`),
  ];
}

/** What is left to do by hand, in the order of the plan. Pure. */
export function remaining(state: RunState, plan: Plan | null): readonly RemainingStep[] {
  if (!isHandedOver(state)) return [];
  const goesOn = state.outcome === 'HANDED_OVER';
  return state.steps.flatMap((step): readonly RemainingStep[] => {
    const planned = plan?.steps.find((one) => one.id === step.id);
    const { id, title } = step;
    const undo = planned?.undo ?? null;
    if (!goesOn) {
      const isLeft = step.state === 'undoFailed' || step.state === 'undoing';
      return isLeft ? [{ id, title, what: 'undo', calls: [], undo }] : [];
    }
    const isOpen = step.state === 'planned' || step.state === 'skipped' || UNCERTAIN.includes(step.state);
    const what = step.startedAt === null ? ('do' as const) : ('look' as const);
    return isOpen ? [{ id, title, what, calls: planned?.calls ?? [], undo }] : [];
  });
}

function isHandedOver({ outcome }: RunState): boolean {
  return outcome === 'HANDED_OVER' || outcome === 'UNDO_INCOMPLETE';
}

function named({ title, id }: StepRecord): string {
  return `${title} (${id})`;
}

function proof(facts: Facts): string {
  const seen = describeFacts(facts);
  return seen === '' ? '' : `: ${seen}`;
}
