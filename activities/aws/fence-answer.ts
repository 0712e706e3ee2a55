import type { Check, PlannedCall } from '../../workflows/runbook/step';
import type { FenceResult } from '../../workflows/steps/fence';
import { isUnreachable } from './observe';

export const PROVEN: FenceResult = { proven: true, reason: null };

/** Runs a part of a fence step; a region that does not answer makes the fence unproven, not failed. */
export async function unprovenIfUnreachable<T>(
  part: () => Promise<T>,
  unproven: (result: FenceResult) => T,
): Promise<T> {
  try {
    return await part();
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return unproven({ proven: false, reason: error instanceof Error ? error.message : String(error) });
  }
}

/** The check of a fence whose region does not answer. */
export function unprovenCheck(
  what: string,
  region: string,
  calls: readonly PlannedCall[],
  result: FenceResult,
): Check<FenceResult> {
  return {
    state: 'needed',
    before: {},
    calls,
    problems: [
      {
        code: 'fenceUnproven',
        message: `${region} does not answer, so nobody can tell whether ${what}: ${result.reason ?? ''}`,
        remedy:
          'Make sure by other means that the lost site cannot write (console, another network path, the provider), ' +
          'then consent with the reason; or wait until the region answers.',
        consent: 'unprovenFence',
      },
    ],
    output: result,
    undo: 'nothing is known to undo while the region does not answer',
  };
}

/** The check of a fence whose target does not exist: a wrong estate, since a lost site's parts have names. */
export function missingCheck(code: string, what: string, region: string): Check<FenceResult> {
  return {
    state: 'needed',
    before: {},
    calls: [],
    problems: [
      {
        code,
        message: `There is no ${what} in ${region}.`,
        remedy: 'Correct the name or the region in the estate.',
      },
    ],
    output: { proven: false, reason: `there is no ${what}` },
  };
}
