import type { Observed } from '../../workflows/runbook/observed';
import { wasNotSent } from '../errors';
import { callSignal } from '../runbook/call-scope';
import { AwsUnreachable } from './errors';
import { DatabaseUnreachable } from './rds/database-session';

/** A question was answered in a way that says nothing, e.g. "no data points". */
export class NothingKnown extends Error {
  override readonly name = 'NothingKnown';
}

/** Looks, and says what came of it; throws only when the activity is cancelled. */
export async function observe<T>(look: () => Promise<T>, now = () => new Date()): Promise<Observed<T>> {
  try {
    const value = await look();
    return { state: 'known', value, at: now().toISOString() };
  } catch (error) {
    if (callSignal()?.aborted === true) throw error;
    if (wasNotSent(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return { state: isUnreachable(error) ? 'unreachable' : 'unknown', reason, at: now().toISOString() };
  }
}

export function isUnreachable(error: unknown): boolean {
  return error instanceof AwsUnreachable || error instanceof DatabaseUnreachable;
}
