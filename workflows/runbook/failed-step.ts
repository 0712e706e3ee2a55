import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { Answer } from './desk';
import { failureDeciders } from './gates';
import type { Leaving } from './leaving';
import type { PassContext } from './passes';
import { failureRule } from './policy';
import { now } from './recorder';
import { describeFailure, failureType, RunStopped } from './stopped';

/** What holds in a part of the procedure, and in the parts of it. */
export interface PartRules {
  /** A failed step ends the work, and nobody is asked. */
  readonly isAttempt?: true;
  /** What the run can do without. */
  readonly optional?: string;
  /** An emergency may cut it short. */
  readonly leaving?: Leaving;
  /** Why people are not waited for. */
  readonly hurry?: string;
}

interface FailedStep {
  readonly contract: { readonly name: string };
  readonly id: string;
  readonly title: string;
  readonly why: string;
  /** The procedure can go on without what it brings. */
  readonly canBeSkipped: boolean;
}

/**
 * Why one try of a step has failed, in words.
 * @throws RunStopped when the run ends with it, CancelledFailure when the run was cancelled meanwhile
 */
export async function whyFailed(
  { recorder, desk }: PassContext,
  id: string,
  error: unknown,
): Promise<string> {
  const failed = (why: string): void =>
    recorder.apply({ type: 'step', id, state: 'failed', at: now(), error: why });
  if (error instanceof RunStopped) {
    if (error.stop.kind === 'preempted') failed(error.stop.why);
    throw error;
  }
  if (isCancellation(error)) {
    failed('cancelled');
    throw error;
  }
  const why = describeFailure(error);
  if (failureType(error) === 'LeaseLost') {
    failed(why);
    throw new RunStopped({ kind: 'leaseLost', why });
  }
  // A look that is cancelled ends with its last "not yet", which is no failure of the step.
  if (CancellationScope.current().consideredCancelled && patched('cancel-heard-in-look')) {
    failed(failureType(error) === 'NotYet' ? 'cancelled' : why);
    await desk.noticeCancel();
  }
  return why;
}

/**
 * What becomes of a step that has failed for good, its own tries and those of the policy included: the rules of its part
 * say, or the policy, or people.
 * @param asking notes that the run waits for people
 * @throws RunStopped when the step, its part or the run ends
 */
export async function answerFailure(
  { recorder, desk, policy }: PassContext,
  { isAttempt, optional, hurry }: PartRules,
  { contract, id, title, why, canBeSkipped }: FailedStep,
  asking: (ask: () => Promise<Answer>) => Promise<Answer>,
): Promise<'retry' | 'skip'> {
  if (isAttempt) throw new RunStopped({ kind: 'aborted', why, step: id });
  const { then } = failureRule(policy, contract.name);
  if (then === 'degrade' && optional !== undefined)
    throw new RunStopped({ kind: 'aborted', why: `${title}: ${why}`, step: id, leftOut: true });
  if (then === 'abort' || hurry !== undefined) {
    const rule = then === 'abort' ? 'the policy says abort' : `nobody is asked while ${hurry ?? ''}`;
    throw new RunStopped({ kind: 'aborted', why: `${title} failed and ${rule}: ${why}` });
  }
  const answer = await asking(() =>
    desk.ask({
      id: desk.freshId(`${id}.failed`),
      kind: 'failedStep',
      title: `${title} failed`,
      evidence: [why, ...(canBeSkipped ? [] : [withoutIt(optional)])],
      verdicts: canBeSkipped || optional !== undefined ? ['retry', 'skip', 'abort'] : ['retry', 'abort'],
      ...failureDeciders(policy),
    }),
  );
  if (answer.verdict === 'retry') return 'retry';
  if (answer.verdict === 'skip') {
    const skipped = `${title} was skipped by ${answer.by ?? 'somebody'}: ${answer.note ?? ''}`;
    if (!canBeSkipped) throw new RunStopped({ kind: 'aborted', why: skipped, step: id, leftOut: true });
    recorder.apply({ type: 'step', id, state: 'skipped', at: now() }, { type: 'degraded', why: skipped });
    return 'skip';
  }
  const who =
    answer.verdict === 'timeout' ? 'nobody decided in time' : `${answer.by ?? 'somebody'} decided so`;
  throw new RunStopped({ kind: 'aborted', why: `${title} failed (${why}); ${who}` });
}

/** Why a step that has failed is not just passed over. */
function withoutIt(optional: string | undefined): string {
  const needed = 'What follows needs what it brings';
  return optional === undefined
    ? `${needed}: it cannot be skipped.`
    : `${needed}: to skip it leaves ${optional} out.`;
}
