import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  isCancellation,
  log,
  patched,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { ChildWorkflowHandle, Workflow } from '@temporalio/workflow';
import { CONTINUATION } from './lease';
import { holdWithParent } from './messages';
import type { Recorder } from './recorder';
import type { Report } from './report';
import type { ChildMessage } from './run';
import { runMark } from './run-mark';
import type { Outcome, RunState } from './state';

/** How a child run ended; its report is absent when it died of something else than a runbook's outcome. */
export interface ChildEnd {
  readonly workflowId: string;
  readonly outcome: Outcome | null;
  readonly report: Report | null;
  /** Somebody cancelled it, and not this run. */
  readonly cancelled?: true;
}

/**
 * Runs a runbook as a child to its end. It is held while this run is held, and cancelled with it, but asks people by
 * itself. Its instance must be another one than this run's, which holds the lease of its own.
 * @throws WorkflowExecutionAlreadyStartedError when another run has its id
 */
export async function runChild(
  recorder: Recorder,
  runbook: string,
  message: ChildMessage,
): Promise<ChildEnd> {
  const workflowId = childId(runbook, message.instance);
  const child = await startChild(runbook, {
    workflowId,
    args: [message],
    parentClosePolicy: 'REQUEST_CANCEL',
    // Its undo belongs to this run's end.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  });
  const relay = new CancellationScope({ cancellable: true });
  // It ends by being cancelled, and has nothing to say.
  const relaying = relay.run(() => passHoldOn(child, recorder)).catch(() => undefined);
  try {
    const report = (await child.result()) as Report;
    return { workflowId, outcome: report.outcome, report };
  } catch (error) {
    if (!isCancellation(error)) return { workflowId, ...endOf(error) };
    // Runs from before the patch took it for their own cancel.
    if (CancellationScope.current().consideredCancelled || !patched('cancelled-by-others')) throw error;
    return { workflowId, outcome: null, report: null, cancelled: true };
  } finally {
    relay.cancel();
    await relaying;
  }
}

/** The same in every execution of a run that continues as new: a child is found again, never started twice. */
export function childId(runbook: string, instance: string): string {
  return `${runbook}/${instance}/of-${runMark(workflowInfo().firstExecutionRunId)}`;
}

/** Starts a run that outlives this one. Answers its workflow id. */
export async function leaveRun(runbook: string, message: ChildMessage): Promise<string> {
  const { workflowId, runId } = workflowInfo();
  const id = `${runbook}/${message.instance}/after-${runMark(runId)}`;
  const reason = `left behind by ${workflowId}`;
  await startChild(runbook, {
    workflowId: id,
    args: [{ ...message, trigger: CONTINUATION, reason }],
    parentClosePolicy: 'ABANDON',
    staticSummary: `${runbook} for ${message.instance}, ${reason}`.slice(0, 200),
  });
  return id;
}

/** Tells the child about every hold and resume of this run, the present one included. */
async function passHoldOn(child: ChildWorkflowHandle<Workflow>, recorder: Recorder): Promise<void> {
  let told: RunState['held'] = null;
  const current = (): RunState['held'] => recorder.state.held ?? recorder.state.heldWithParent;
  for (;;) {
    await condition(() => current() !== told);
    told = current();
    try {
      await child.signal(holdWithParent, { held: told });
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('a child could not be told of a hold', { child: child.workflowId, error: String(error) });
    }
  }
}

function endOf(error: unknown): { readonly outcome: Outcome | null; readonly report: Report | null } {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
  const [report] = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
  const known = typeof report === 'object' && report !== null && 'outcome' in report;
  return known
    ? { outcome: (report as Report).outcome, report: report as Report }
    : { outcome: null, report: null };
}
