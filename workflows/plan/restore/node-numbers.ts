import type { GroupFacts } from '../../steps/observe-site';

/** Minimum, maximum and desired number of nodes. */
export interface NodeNumbers {
  readonly minimum: number;
  readonly maximum: number;
  readonly desired: number;
}

/**
 * The numbers of the group when the run is over: those of before, unless its nodes had been stopped already.
 * @param count how many nodes the site has by the estate
 */
export function numbersAfter(before: GroupFacts | undefined, count: number): NodeNumbers {
  if (before === undefined || before.desired === 0) {
    return { minimum: count, maximum: Math.max(count, before?.maximum ?? 0), desired: count };
  }
  const { minimum, maximum, desired } = before;
  return { minimum, maximum, desired };
}
