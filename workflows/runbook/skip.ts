import { isLater } from './later';
import type { StepContract } from './step';

/**
 * What the procedure goes on with when people skip a step that has failed; null when it cannot go on without it.
 * @param foreseen what `run` has answered, or else the check; undefined when neither has
 */
export function outputWhenSkipped<O>(
  { whenSkipped }: Pick<StepContract<never, O>, 'whenSkipped'>,
  foreseen: O | undefined,
): { readonly output: O } | null {
  if (whenSkipped !== undefined) return whenSkipped === null ? null : { output: whenSkipped };
  return foreseen === undefined || holdsStandIn(foreseen) ? null : { output: foreseen };
}

/** An identifier that does not exist must not get into a call, nor into what is kept. */
function holdsStandIn(value: unknown): boolean {
  if (typeof value === 'string') return isLater(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsStandIn);
}
