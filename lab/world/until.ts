import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks until `look` gives something other than undefined or false.
 * @throws Error naming `what` after `seconds` (real)
 */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => Promise<T | undefined | false>,
  everyMs = 50,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${seconds} s`);
    await sleep(everyMs);
  }
}

/** The value, or an error that says what AWS left out. */
export function need<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`the answer lacks ${what}`);
  return value;
}
