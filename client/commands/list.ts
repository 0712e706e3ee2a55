import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { Command } from 'commander';
import { SEARCH_ATTRIBUTES } from '../../workflows/runbook/recorder';
import type { Outcome } from '../../workflows/runbook/state';
import { CommandError, EXIT } from '../command-error';
import type { Session } from '../connection';
import { quote } from '../find-run';
import { addCommand, performChecked, printJson } from '../host';
import type { Host } from '../host';
import { table } from '../render/table';
import { moment, paintOutcome, span } from '../render/words';
import type { Colors } from '../terminal';

interface ListOptions {
  readonly json?: boolean;
  readonly instance?: string;
  readonly open?: boolean;
  readonly waiting?: boolean;
  readonly limit: string;
}

/** One run as the list knows it: from search attributes, so it needs no worker. */
interface ListedRun {
  readonly workflowId: string;
  readonly runbook: string;
  readonly instance: string | null;
  readonly phase: string | null;
  readonly outcome: string | null;
  readonly awaiting: string | null;
  readonly requestedBy: string | null;
  readonly dryRun: boolean;
  /** Temporal's own word, e.g. `RUNNING`, `TERMINATED`. */
  readonly status: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
}

export function registerList(program: Command, host: Host): void {
  addCommand(
    program,
    'list',
    'list runs, the newest first; needs no worker',
    'runbooks list --instance bitbucket-prod --open',
  )
    .option('--instance <name>', 'only runs of this instance')
    .option('--open', 'only runs that have not ended')
    .option('--waiting', 'only runs that wait for people')
    .option('--limit <count>', 'at most so many', '20')
    .action((options: ListOptions) =>
      performChecked(
        host,
        options,
        () => countOf('--limit', options.limit),
        async (session, limit) => {
          const runs = await listRuns(session, filterOf(options), limit);
          if (options.json === true) printJson(host, runs);
          else host.terminal.out(`${renderList(runs, host.terminal.colors)}\n`);
          return EXIT.done;
        },
      ),
    );
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new CommandError(`${option} ${text} is no count`, `Write e.g. ${option} 50.`, EXIT.wrongUse);
}

function filterOf(options: ListOptions): string {
  return [
    options.instance === undefined
      ? 'RunbookPhase IS NOT NULL'
      : `RunbookInstance = ${quote(options.instance)}`,
    ...(options.open === true || options.waiting === true ? ["ExecutionStatus = 'Running'"] : []),
    ...(options.waiting === true ? ['RunbookAwaiting IS NOT NULL'] : []),
  ].join(' AND ');
}

async function listRuns(session: Session, query: string, limit: number): Promise<readonly ListedRun[]> {
  return session.call('listing runs', async () => {
    const found: ListedRun[] = [];
    for await (const info of session.client.workflow.list({ query, pageSize: limit })) {
      found.push(listed(info));
      if (found.length === limit) break;
    }
    return found.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  });
}

function listed(info: WorkflowExecutionInfo): ListedRun {
  const attributes = info.typedSearchAttributes;
  return {
    workflowId: info.workflowId,
    runbook: info.type,
    instance: attributes.get(SEARCH_ATTRIBUTES.instance) ?? null,
    phase: attributes.get(SEARCH_ATTRIBUTES.phase) ?? null,
    outcome: attributes.get(SEARCH_ATTRIBUTES.outcome) ?? null,
    awaiting: attributes.get(SEARCH_ATTRIBUTES.awaiting) ?? null,
    requestedBy: attributes.get(SEARCH_ATTRIBUTES.requestedBy) ?? null,
    dryRun: attributes.get(SEARCH_ATTRIBUTES.dryRun) ?? false,
    status: info.status.name,
    startedAt: info.startTime.toISOString(),
    closedAt: info.closeTime?.toISOString() ?? null,
  };
}

function renderList(runs: readonly ListedRun[], colors: Colors): string {
  if (runs.length === 0) return 'no runs';
  const rows = runs.map((run) => [
    run.workflowId,
    standing(run, colors),
    run.status === 'RUNNING' && run.awaiting !== null ? colors.yellow(run.awaiting) : '',
    run.requestedBy ?? '',
    moment(run.startedAt),
    span((Date.parse(run.closedAt ?? new Date().toISOString()) - Date.parse(run.startedAt)) / 1000),
  ]);
  return table(['run', 'state', 'waits for', 'by', 'started', 'took'], rows, { dim: colors.dim });
}

function standing(run: ListedRun, colors: Colors): string {
  if (run.outcome !== null) return paintOutcome(run.outcome as Outcome, colors);
  return run.status === 'RUNNING'
    ? colors.cyan(run.phase ?? 'starting')
    : colors.red(run.status.toLowerCase());
}
