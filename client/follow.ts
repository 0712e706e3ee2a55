import type { RunState } from '../workflows/runbook/state';
import { openAsks } from '../workflows/runbook/state';
import { readState } from './ask-run';
import { CommandError } from './command-error';
import { messageOf } from './connection';
import type { Session } from './connection';
import { closeOf, fromOutside } from './outside-end';
import type { OutsideEnd } from './outside-end';

export interface FollowOptions {
  /** Milliseconds between two looks; default 500. */
  readonly everyMs?: number;
  /** Stop as soon as people are asked something. */
  readonly untilAsked?: boolean;
  /** Called after each look; `trouble` says why there was no answer this time, `outside` how others have closed it. */
  readonly onLook: (state: RunState | undefined, trouble: string | undefined, outside?: OutsideEnd) => void;
}

/** How a run that was followed stands: its last state, and how its workflow was closed (undefined: still open). */
export interface Followed {
  readonly state: RunState | undefined;
  readonly closed: string | undefined;
  /** Where it was closed without an outcome of its own. */
  readonly outside?: OutsideEnd | undefined;
}

/** A watcher rather says soon that nobody answers than stands still. */
const ANSWER_SECONDS = 4;

/** Milliseconds between two checks whether the workflow was closed from outside (terminated, cancelled, timed out). */
const DESCRIBE_EVERY_MS = 3000;

/**
 * Looks at a run until it has ended. A worker or server that does not answer is waited for: that a run goes on
 * without them is its whole point.
 */
export async function follow(
  session: Session,
  workflowId: string,
  options: FollowOptions,
): Promise<Followed> {
  let state: RunState | undefined;
  let described = 0;
  for (;;) {
    let trouble: string | undefined;
    try {
      state = await readState(session, workflowId, ANSWER_SECONDS);
    } catch (error) {
      if (error instanceof CommandError && error.message.includes('is no runbook')) throw error;
      trouble = messageOf(error);
    }
    options.onLook(state, trouble);
    if (state?.outcome !== null && state?.phase === 'ended') {
      return { state, closed: state.outcome };
    }
    if (options.untilAsked === true && state !== undefined && openAsks(state).length > 0) {
      return { state, closed: undefined };
    }
    if (Date.now() - described > DESCRIBE_EVERY_MS) {
      described = Date.now();
      const closed = await closeOf(session, workflowId).catch(() => undefined);
      if (closed !== undefined) {
        const last = await readState(session, workflowId).catch(() => state);
        const outside = fromOutside(closed, last?.outcome ?? null);
        options.onLook(last, undefined, outside);
        return { state: last, closed: closed.status, outside };
      }
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 500));
  }
}
