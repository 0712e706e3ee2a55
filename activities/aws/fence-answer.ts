import { fenceUnproven } from '../../workflows/plan/unproven-fence';
import type { Check, PlannedCall, StepContext, Verified } from '../../workflows/runbook/step';
import type { FenceResult } from '../../workflows/steps/fence';
import { needsPeople } from '../errors';
import { recall, remember, wasAnswered } from '../runbook/call-scope';
import { AwsTransient, HostUnreachable } from './errors';
import { isUnreachable } from './observe';
import { attemptNumber } from './pace';
import { acceptSilenceInPlan } from './silence';

export const PROVEN: FenceResult = { proven: true, reason: null };

/** So many attempts of a check meet errors of AWS itself before the region counts as not telling. */
const PATIENCE = 3;

/** So many attempts, one after the other, get answers of one service and none of another before that one counts as silent. */
const LOST_ANSWERS = 3;

/** How many did so far. */
const WITHOUT_ANSWER = 'attempts without an answer';

export function unproven(reason: string): FenceResult {
  return { proven: false, reason };
}

/**
 * Runs `run` or `verify` of a fence step; a region that does not answer makes the fence unproven, not failed. A region
 * that has just answered another call is there: the answer that is missing was lost, and the attempt is repeated. To give
 * the fence up for it would leave open what nobody then closes. When it stays missing, one service is silent and another is
 * not: the rest of the fence must not wait for people because of that.
 */
export async function unprovenIfUnreachable<T>(
  part: () => Promise<T>,
  otherwise: (result: FenceResult) => T,
): Promise<T> {
  try {
    const value = await part();
    remember(WITHOUT_ANSWER, undefined);
    return value;
  } catch (error) {
    if (!isUnreachable(error)) {
      remember(WITHOUT_ANSWER, undefined);
      throw error;
    }
    const attempts = Number(recall(WITHOUT_ANSWER) ?? 0) + 1;
    remember(WITHOUT_ANSWER, attempts);
    if (wasAnswered() && !(error instanceof HostUnreachable) && attempts < LOST_ANSWERS) throw error;
    return otherwise(unproven(messageOf(error)));
  }
}

/**
 * What `verify` answers when it finds open what `run` gave up because nobody answered: nobody has brought it about, so that
 * there is nothing to wait for. The procedure sees it by the proof, and tries again.
 */
export function givenUp(output: FenceResult): Verified<FenceResult> {
  return { output, facts: { proven: false, reason: output.reason } };
}

/**
 * Runs the check of a fence step. A region that does not answer, only answers with errors, or refuses to tell leaves
 * the fence unproven, which people may accept: an emergency must not end at the part that is lost anyway.
 */
export async function checkFence(
  about: {
    /** Continues "it is unknown whether …". */
    readonly what: string;
    readonly region: string;
    readonly context: StepContext;
    /** What would be tried. */
    readonly calls: readonly PlannedCall[];
  },
  look: () => Promise<Check<FenceResult>>,
): Promise<Check<FenceResult>> {
  try {
    return await acceptSilenceInPlan(about.context, look);
  } catch (error) {
    const trouble = troubleOf(error, about.region);
    if (trouble === undefined) throw error;
    return {
      state: 'needed',
      before: {},
      calls: about.calls,
      problems: [fenceUnproven(`${trouble}: it is unknown whether ${about.what}.`)],
      output: unproven(messageOf(error)),
      undo: 'nothing is known to undo while nobody can see what is there',
      notes: [messageOf(error)],
    };
  }
}

function troubleOf(error: unknown, region: string): string | undefined {
  if (error instanceof HostUnreachable) return `${error.host} takes no commands`;
  if (isUnreachable(error)) return `${region} does not answer`;
  if (error instanceof AwsTransient && attemptNumber() >= PATIENCE) return `${region} answers with errors`;
  if (needsPeople(error)) return `${region} does not let us look`;
  return undefined;
}

/**
 * The check of a fence whose target does not exist: a wrong estate, or a disaster that took it. In the first case the
 * real one goes on writing, so that it passes with consent only.
 */
export function missingCheck(code: string, what: string, region: string): Check<FenceResult> {
  return {
    state: 'needed',
    before: {},
    calls: [],
    problems: [
      {
        code,
        message: `There is no ${what} in ${region}.`,
        remedy:
          'Correct the name or the region in the estate; if it has been deleted, consent: it cannot write.',
        consent: 'unprovenFence',
      },
    ],
    output: unproven(missing(what, region)),
  };
}

export function missing(what: string, region: string): string {
  return `there is no ${what} in ${region}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
