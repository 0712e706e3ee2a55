import { AsyncLocalStorage } from 'node:async_hooks';

const reading = new AsyncLocalStorage<true>();

/**
 * Runs `work` with every AWS call in it counted as a read. For operations whose name says nothing about their effect:
 * a script that only looks is sent by `SendCommand` like one that changes.
 */
export function asRead<T>(work: () => Promise<T>): Promise<T> {
  return reading.run(true, work);
}

const READS =
  /^(Describe|Get|List|Lookup|Search|Test|Validate|Estimate|BatchGet|AssumeRole|DecodeAuthorization)/;

/** Whether an operation changes anything, by its name; unknown names count as changing. */
export function isMutating(action: string): boolean {
  return reading.getStore() !== true && !READS.test(action);
}
