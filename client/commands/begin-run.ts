import type { Session } from '../connection';
import { EXIT } from '../command-error';
import { printJson } from '../host';
import type { Host } from '../host';
import { actorName, missingWorker, startRun } from '../start-run';
import { watchRun } from '../watch-run';

/** What commands have in common that start a runbook of their own. */
export interface BeginOptions {
  readonly json?: boolean;
  readonly as?: string;
  readonly watch?: boolean;
}

interface Begun {
  readonly runbook: string;
  readonly instance: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export const AS_OPTION = ['--as <name>', 'who asks; default RUNBOOKS_ACTOR or the user name'] as const;
export const WATCH_OPTION = ['--watch', 'stay and watch; the exit code is that of the outcome'] as const;

/** Starts a run; members of the input that are undefined are left out. */
export async function beginRun(
  session: Session,
  { runbook, instance, input }: Begun,
  options: BeginOptions,
  host: Host,
): Promise<number> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const workflowId = await startRun(session, {
    ...{ runbook, instance, dryRun: false, input: Object.fromEntries(given) },
    requestedBy: actorName(options.as, host.environment),
  });
  return tellStarted(session, workflowId, options, host);
}

/** Says that a run was started, and stays with it if wanted. @returns the exit code */
export async function tellStarted(
  session: Session,
  workflowId: string,
  { json = false, watch = false }: Pick<BeginOptions, 'json' | 'watch'>,
  host: Host,
): Promise<number> {
  const missing = await missingWorker(session);
  const { terminal } = host;
  if (json) {
    printJson(host, { workflowId, ...(missing === undefined ? {} : { warning: missing }) });
  } else {
    terminal.out(`started ${workflowId}\n`);
    if (missing !== undefined) terminal.err(`${terminal.colors.yellow('warning:')} ${missing}\n`);
  }
  if (watch) {
    const silent = { ...terminal, interactive: false, out: () => undefined };
    return watchRun(session, workflowId, json ? silent : terminal);
  }
  if (!json) terminal.out(`watch it with: runbooks watch ${workflowId}\n`);
  return EXIT.done;
}
