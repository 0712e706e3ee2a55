import { setTimeout as sleep } from 'node:timers/promises';
import { callSignal } from '../runbook/call-scope';

/** Waits inside an attempt; ends at once, by throwing, when the activity is cancelled. */
export async function pause(seconds: number): Promise<void> {
  const signal = callSignal();
  await sleep(seconds * 1000, undefined, signal === undefined ? {} : { signal });
}
