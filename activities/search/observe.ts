import type { Observed } from '../../workflows/runbook/observed';
import { NoAnswer } from '../bitbucket/http';
import { wasNotSent } from '../errors';
import { pause } from '../hosts/pause';
import { callSignal } from '../runbook/call-scope';

/** So often a server is asked before it counts as silent: a connection may break by itself. */
const LOOKS = 3;
const PAUSE_SECONDS = 1;

/** Looks at a search server, and says what came of it; throws only when the activity is cancelled. */
export async function observeServer<T>(look: () => Promise<T>): Promise<Observed<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const at = new Date().toISOString();
    try {
      return { state: 'known', value: await look(), at };
    } catch (error) {
      if (callSignal()?.aborted === true) throw error;
      if (wasNotSent(error)) throw error;
      const reason = messageOf(error);
      if (!(error instanceof NoAnswer)) return { state: 'unknown', reason, at };
      if (attempt === LOOKS) return { state: 'unreachable', reason, at };
    }
    await pause(PAUSE_SECONDS);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
