import type { Command } from 'commander';
import type { BackupsReport } from '../../workflows/list-backups';
import { freshnessOf } from '../../workflows/plan/backup/freshness';
import type { Freshness } from '../../workflows/plan/backup/freshness';
import type { Decision } from '../../workflows/plan/backup/retention';
import { plan } from '../../workflows/runbook/messages';
import { readReport } from '../ask-run';
import { CommandError, EXIT } from '../command-error';
import type { Session } from '../connection';
import { follow } from '../follow';
import { addCommand, addGroup, performChecked, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { readBackups } from '../read-backups';
import { registerBackupsAge } from './backups-age';
import { registerBackupsDrill } from './backups-drill';
import { registerBackupsFetch } from './backups-fetch';
import { AS_OPTION } from './begin-run';
import { renderBackup, renderBackups, renderDecisions } from '../render/backups';
import { renderPlan, renderProblems } from '../render/plan';
import { actorName, startRun } from '../start-run';

interface BackupsOptions {
  readonly json?: boolean;
  readonly as?: string;
}

interface PruneOptions extends BackupsOptions {
  readonly plan?: boolean;
  readonly removeOrphans?: boolean;
}

/** `backups list|show|verify|open|prune|age`. */
export function registerBackups(program: Command, host: Host): void {
  const backups = addGroup(
    program,
    'backups',
    'which backups there are, and which of them the policy keeps',
    'runbooks backups list bitbucket-prod',
    'runbooks backups show bitbucket-prod newest',
    'runbooks backups prune bitbucket-prod --plan',
  );
  registerBackupsAge(backups, host);
  registerBackupsDrill(backups, host);
  registerBackupsFetch(backups, host);

  addCommand(
    backups,
    'list <instance>',
    'list the backups in every place; a worker looks, so it needs no credentials for AWS',
    'runbooks backups list bitbucket-prod',
    'runbooks backups list bitbucket-prod --json | jq \'.decisions[].point | select(.state == "complete")\'',
  )
    .option(...AS_OPTION)
    .action((instance: string, options: BackupsOptions) =>
      performConnected(host, options, async (session) => {
        const report = await ask(session, instance, options, host);
        if (options.json === true) printJson(host, { ...report, freshness: freshnessIn(report) });
        else host.terminal.out(`${renderBackups(report, host.terminal.colors)}\n`);
        return report.silent.length === 0 ? EXIT.done : EXIT.failed;
      }),
    );

  addCommand(
    backups,
    'show <instance> <backup>',
    'show one backup in every place: its members, its verification, and why it is kept',
    'runbooks backups show bitbucket-prod newest',
    'runbooks backups show bitbucket-prod bitbucket-prod-20261121T160000Z',
  )
    .option(...AS_OPTION)
    .action((instance: string, backup: string, options: BackupsOptions) =>
      performConnected(host, options, async (session) => {
        const found = pick(await ask(session, instance, options, host), backup);
        if (options.json === true) printJson(host, found);
        else host.terminal.out(`${renderBackup(found, host.terminal.colors)}\n`);
        return EXIT.done;
      }),
    );

  addCommand(
    backups,
    'prune <instance>',
    'show what pruneBackups would delete, what it keeps, and why; changes nothing',
    'runbooks backups prune bitbucket-prod --plan',
  )
    .option('--plan', 'only show; required, for nothing is deleted from here')
    .option('--remove-orphans', 'as if asked to remove what belongs to no backup, too')
    .option(...AS_OPTION)
    .action((instance: string, options: PruneOptions) =>
      performChecked(
        host,
        options,
        () => requirePlan(instance, options),
        (session) => showPrune(session, instance, options, host),
      ),
    );
}

function requirePlan(instance: string, { plan: shows }: PruneOptions): void {
  if (shows === true) return;
  throw new CommandError(
    'backups prune only shows',
    `See the plan: runbooks backups prune ${instance} --plan. Carry it out: runbooks start pruneBackups ${instance} --watch`,
    EXIT.wrongUse,
  );
}

function ask(
  session: Session,
  instance: string,
  { as }: BackupsOptions,
  { environment }: Host,
): Promise<BackupsReport> {
  return readBackups(session, instance, actorName(as, environment));
}

/** For programs: the newest good backups, without a judgement of their age. */
function freshnessIn({ decisions, asOf }: BackupsReport): Freshness {
  return freshnessOf(
    decisions.map(({ point }) => point),
    asOf,
  );
}

/** By name, by the beginning of a name if only one begins so, or `newest` and `oldest` of the complete ones. */
function pick({ decisions }: BackupsReport, given: string): readonly Decision[] {
  const complete = decisions
    .filter(({ point }) => point.state === 'complete')
    .sort((one, other) => one.point.capturedAt.localeCompare(other.point.capturedAt));
  const special: Readonly<Record<string, string | undefined>> = {
    newest: complete.at(-1)?.point.backup,
    oldest: complete[0]?.point.backup,
  };
  const names = [...new Set(decisions.map(({ point }) => point.backup))];
  const begin = names.filter((name) => name.startsWith(given));
  const name =
    special[given] ?? names.find((one) => one === given) ?? (begin.length === 1 ? begin[0] : undefined);
  if (name !== undefined) return decisions.filter(({ point }) => point.backup === name);
  throw new CommandError(
    begin.length > 1 ? `${begin.length} backups begin with ${given}` : `there is no backup ${given}`,
    '`runbooks backups list` shows them all.',
  );
}

/** The dry run of the runbook itself, with the decision about every restore point. */
async function showPrune(
  session: Session,
  instance: string,
  options: PruneOptions,
  host: Host,
): Promise<number> {
  const report = await ask(session, instance, options, host);
  const workflowId = await startRun(session, {
    runbook: 'pruneBackups',
    instance,
    dryRun: true,
    requestedBy: actorName(options.as, host.environment),
    input: options.removeOrphans === true ? { removeOrphans: true } : {},
  });
  await follow(session, workflowId, { everyMs: 200, onLook: () => undefined });
  const { outcome, problems } = await readReport(session, workflowId);
  const made = await session.call('asking the run for its plan', () =>
    session.client.workflow.getHandle(workflowId).query(plan),
  );
  const { terminal } = host;
  if (options.json === true)
    printJson(host, { workflowId, outcome, problems, plan: made, decisions: report.decisions });
  else {
    const parts = [
      renderDecisions(report, terminal.colors),
      made === null ? renderProblems(problems, terminal.colors) : renderPlan(made, terminal.colors),
      ...(made !== null && made.steps.length > 0
        ? [`Carry it out with: runbooks start pruneBackups ${instance} --watch`]
        : []),
    ];
    terminal.out(`${parts.join('\n\n')}\n`);
  }
  const blocked = (made?.problems ?? problems).some(({ consent }) => consent === undefined);
  return outcome === 'PLANNED' && !blocked ? EXIT.done : EXIT.failed;
}
