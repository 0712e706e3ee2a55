import { openAsks } from '../workflows/runbook/state';
import type { RunState } from '../workflows/runbook/state';
import { EXIT } from './command-error';
import type { Session } from './connection';
import { follow } from './follow';
import type { Followed, FollowOptions } from './follow';
import { changes } from './render/changes';
import { afterOutsideEnd, outsideEndLine } from './render/outside-end';
import { renderRun } from './render/run';
import { isGood, paintOutcome } from './render/words';
import type { Terminal } from './terminal';

export interface WatchOptions {
  /** Return as soon as people are asked something, with the exit code that says so. */
  readonly untilAsked?: boolean;
}

/** Shows a run until its end: a page that is redrawn on a screen, one line per change elsewhere. @returns exit code */
export async function watchRun(
  session: Session,
  workflowId: string,
  terminal: Terminal,
  options: WatchOptions = {},
): Promise<number> {
  const untilAsked = options.untilAsked === true;
  const onLook = terminal.interactive ? redrawing(terminal) : narrating(terminal, workflowId);
  const followed = await follow(session, workflowId, { untilAsked, onLook });
  const { state, closed, outside } = followed;
  if (outside !== undefined) {
    // On a screen the page says so itself, where there is one.
    const told = terminal.interactive && state !== undefined;
    if (!told) terminal.out(`${terminal.colors.red(outsideEndLine(outside, state))}\n`);
    if (!told && state !== undefined) terminal.out(`${afterOutsideEnd(state)}\n`);
  } else if (state !== undefined && state.outcome !== null) {
    terminal.out(
      `${terminal.interactive ? '\n' : ''}${paintOutcome(state.outcome, terminal.colors)}  report: runbooks report ${workflowId}\n`,
    );
  } else if (closed !== undefined) {
    terminal.out(`${terminal.colors.red(`the workflow was closed: ${closed}`)}\n`);
  }
  return exitCodeOf(followed);
}

function exitCodeOf({ state, closed, outside }: Followed): number {
  if (outside !== undefined) return EXIT.failed;
  if (closed !== undefined) return isGood(state?.outcome ?? null) ? EXIT.done : EXIT.failed;
  return state !== undefined && openAsks(state).length > 0 ? EXIT.waiting : EXIT.done;
}

type OnLook = FollowOptions['onLook'];

function narrating(terminal: Terminal, workflowId: string): OnLook {
  let before: RunState | undefined;
  let silent = false;
  return (state, trouble) => {
    const at = new Date().toISOString();
    if ((trouble !== undefined) !== silent) {
      silent = trouble !== undefined;
      terminal.out(
        `${at.slice(11, 19)}Z ${silent ? `no answer from ${workflowId}: ${trouble}` : 'answers again'}\n`,
      );
    }
    if (state === undefined || trouble !== undefined) return;
    for (const line of changes(before, state, at)) terminal.out(`${line}\n`);
    before = state;
  };
}

/** Draws over what it drew before, so that the page stands still and the scroll-back stays clean. */
function redrawing(terminal: Terminal): OnLook {
  let drawn = 0;
  let last = '';
  return (state, trouble, outside) => {
    const page =
      state === undefined
        ? terminal.colors.dim('waiting for the run to answer…')
        : renderRun(state, { now: Date.now(), columns: terminal.columns, colors: terminal.colors, outside });
    const text =
      trouble === undefined ? page : `${page}\n\n${terminal.colors.yellow(`no answer just now: ${trouble}`)}`;
    if (text === last) return;
    last = text;
    const lines = fit(text.split('\n'), terminal.rows - 2);
    terminal.out(`${drawn > 0 ? `\u001b[${drawn}A` : ''}\u001b[0J${lines.join('\n')}\n`);
    drawn = lines.reduce((sum, line) => sum + heightOf(line, terminal.columns), 0);
  };
}

/** What is above the top of the screen cannot be drawn over, so a long page loses its end. */
function fit(lines: readonly string[], rows: number): readonly string[] {
  return lines.length <= rows ? lines : [...lines.slice(0, Math.max(1, rows - 1)), '…'];
}

// eslint-disable-next-line no-control-regex
const COLOR_CODES = /\u001b\[[0-9;]*m/g;

function heightOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(line.replace(COLOR_CODES, '').length / columns));
}
