/** Looks again until `look` finds something; fails with the last error after the deadline. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  seconds = 60,
  everyMilliseconds = 20,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (let last: unknown; ;) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${seconds} s for ${what}${last instanceof Error ? `: ${last.message}` : ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMilliseconds));
  }
}
