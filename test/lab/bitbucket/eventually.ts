import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats `look` until it neither throws nor answers false; fails with its last error after `seconds`. */
export async function eventually<T>(look: () => Promise<T>, seconds = 20): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      const value = await look();
      if (value !== false) return value;
      if (Date.now() > deadline) throw new Error(`not so within ${seconds} s`);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(50);
  }
}
