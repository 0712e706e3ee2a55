import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import { kitActivities } from './activities';
import type { LeaseAnswer } from './admission';
import { pass, preemptQuestion } from './gates';
import { CONTINUATION } from './lease';
import type { LeaseHolder } from './lease';
import type { Conclusion } from './outcome';
import type { PassContext } from './passes';
import { now } from './recorder';
import type { RunbookOptions } from './runbook';
import type { RunState } from './state';
import { describeFailure, RunStopped } from './stopped';

type Refused = Extract<LeaseAnswer, { granted: false }>;

/**
 * Takes the lease of the instance, by the policy at once or after a wait; an emergency asks people whether the run that
 * holds it shall let go.
 * @throws RunStopped when it cannot be had, or a change freeze is on
 */
export async function acquireLease(
  context: PassContext,
  runbook: string,
  options: Pick<RunbookOptions, 'emergency' | 'readOnly' | 'onlyAdds'>,
): Promise<void> {
  const { dryRun, policy } = context.admission;
  if (dryRun || options.readOnly === true) return;
  refuseInFreeze(context);
  context.recorder.apply({ type: 'phase', phase: 'waiting', at: now() });
  const { whenBusy, waitSeconds, preemptSeconds } = policy.lease;
  const emergency = options.emergency === true;
  const since = now();
  const asker = { emergency, since, ...(options.onlyAdds === true ? { onlyAdds: true } : {}) };
  // An emergency does not queue behind a run that would let go for it.
  const first = emergency ? 'refuse' : whenBusy;
  let answer = await request(context, runbook, { ...asker, preempt: false, whenBusy: first }, waitSeconds);
  // While people are asked, the lease may go from one run to another: they are asked again, about that one.
  for (let holder = canLetGo(emergency, answer); holder !== null; holder = canLetGo(emergency, answer)) {
    await consentToPreempt(context, holder);
    context.recorder.apply({ type: 'phase', phase: 'waiting', at: now() });
    const consent = { preempt: true, consented: holder.token };
    const wait = { ...asker, ...consent, whenBusy: 'wait' as const };
    answer = await request(context, runbook, wait, preemptSeconds);
  }
  if (!answer.granted) {
    // A try that fails after the cancel is not repeated, and looks like an answer: the run ends by the cancel.
    await context.desk.noticeCancel();
    throw busy(answer);
  }
  context.token = answer.token;
}

/** The holder that an emergency may have asked to let go, if that is all that keeps the lease from it. Pure. */
function canLetGo(emergency: boolean, answer: LeaseAnswer): LeaseHolder | null {
  if (!emergency || answer.granted || answer.holder === undefined) return null;
  return answer.holder.emergency ? null : answer.holder;
}

/**
 * Takes over the lease of the execution that this one continues.
 * @throws RunStopped when somebody has taken it meanwhile
 */
export async function keepLease(context: PassContext, runbook: string, continues: string): Promise<void> {
  const { instance, trigger } = context.admission;
  const how = { emergency: false, preempt: false, whenBusy: 'refuse', since: now(), continues } as const;
  const answer = await kitActivities().acquireLease({ instance, runbook, trigger, ...how });
  if (!answer.granted) throw new RunStopped({ kind: 'leaseLost', why: answer.why });
  context.token = answer.token;
}

async function request(
  context: PassContext,
  runbook: string,
  how: {
    readonly emergency: boolean;
    readonly onlyAdds?: boolean;
    readonly since: string;
    readonly preempt: boolean;
    readonly consented?: number;
    readonly whenBusy: 'refuse' | 'wait';
  },
  waitSeconds: number,
): Promise<LeaseAnswer> {
  const { trigger } = context.admission;
  const instance = context.held;
  const waits = how.whenBusy === 'wait';
  try {
    return await kitActivities(waits ? waitSeconds : undefined).acquireLease({
      instance,
      runbook,
      trigger,
      ...how,
    });
  } catch (error) {
    if (waits) await stopWaiting(instance);
    if (isCancellation(error)) throw error;
    const remedy = how.preempt
      ? `It has not reached a safe point in time. See what it does; if nobody can end it: runbooks lease break ${instance} --note "…".`
      : 'Start again when the instance is free.';
    return { granted: false, why: describeFailure(error), remedy };
  }
}

/** Best effort: a run that stops asking loses its place after a while anyway. */
async function stopWaiting(instance: string): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    kitActivities().releaseLease({ instance, token: null, blockSeconds: 0 }),
  ).catch((error: unknown) => log.warn('the queue was not left', { instance, error: String(error) }));
}

async function consentToPreempt(context: PassContext, holder: LeaseHolder): Promise<void> {
  context.recorder.apply({ type: 'phase', phase: 'asking', at: now() });
  const question = preemptQuestion(context.policy, {
    title: `Ask ${holder.workflowId} to let go of ${context.held}`,
    evidence: [
      `${holder.workflowId} (${holder.runbook}) holds the instance since ${holder.since}`,
      'It lets go at its nearest safe point, at once if it has changed nothing so far; what it then leaves stands in its report.',
    ],
  });
  await pass(context.desk, { ...question, id: context.desk.freshId(question.id) });
}

function busy({ why, remedy }: Refused): RunStopped {
  return new RunStopped({
    kind: 'refused',
    problems: [{ code: 'instanceBusy', message: why, remedy }],
  });
}

/** A freeze stops everybody; a person breaks it with a recorded reason, an automatic start cannot. */
function refuseInFreeze(context: PassContext): void {
  const { freeze, breakGlass, trigger, instance } = context.admission;
  if (freeze === null || trigger === CONTINUATION) return;
  const isManual = trigger === 'manual';
  if (isManual && breakGlass !== null) {
    context.recorder.apply({
      type: 'fact',
      label: 'change freeze broken',
      value: `${breakGlass} (freeze until ${freeze.until}: ${freeze.reason})`,
    });
    return;
  }
  throw new RunStopped({
    kind: 'refused',
    problems: [
      {
        code: 'changeFreeze',
        message: `A change freeze is on for ${instance} until ${freeze.until}: ${freeze.reason}.`,
        remedy: isManual
          ? 'Wait for its end, or break it with a reason that is recorded: "breakGlass": "why" (runbooks start … --break-glass "why").'
          : 'A person can start the run by hand and break the freeze with a reason.',
      },
    ],
  });
}

/**
 * Whether automatic starts are to be blocked now. A run that stopped half-way has recovered nothing while an emergency
 * waits for the instance: that one, or another start of it, must not be refused. Pure.
 */
function hasRecovered({ preemptedBy }: RunState, { outcome }: Conclusion): boolean {
  if (outcome === 'HANDED_OVER') return preemptedBy === null;
  return outcome === 'SUCCEEDED' || outcome === 'DEGRADED';
}

/** Gives the lease back; after a recovery automatic starts are blocked for the policy's window. */
export async function releaseLease(
  context: PassContext,
  options: Pick<RunbookOptions, 'recovery'>,
  conclusion: Conclusion,
): Promise<void> {
  const { token, policy } = context;
  if (token === null) return;
  const recovered = options.recovery && hasRecovered(context.recorder.state, conclusion);
  const instance = context.held;
  const blockSeconds = recovered ? policy.antiFlap.windowSeconds : 0;
  try {
    await CancellationScope.nonCancellable(() =>
      kitActivities().releaseLease({ instance, token, blockSeconds }),
    );
  } catch (error) {
    // The next run finds a holder that has ended and takes over; the outcome of this one stands.
    context.recorder.apply({
      type: 'followUp',
      what: `The lease of ${instance} was not released: ${describeFailure(error)}`,
    });
  }
}
