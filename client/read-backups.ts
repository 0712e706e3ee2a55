import type { BackupsReport } from '../workflows/list-backups';
import { readReport } from './ask-run';
import { CommandError } from './command-error';
import type { Session } from './connection';
import { follow } from './follow';
import { missingWorker, startRun } from './start-run';

/**
 * Which backups an instance has, by a run of `listBackups`: the worker looks, so that whoever asks needs Temporal alone,
 * and nobody's laptop needs credentials for AWS.
 * @throws CommandError when no worker is there, or the run was refused
 */
export async function readBackups(
  session: Session,
  instance: string,
  requestedBy: string,
): Promise<BackupsReport> {
  const missing = await missingWorker(session);
  if (missing !== undefined) throw new CommandError(missing);
  const workflowId = await startRun(session, {
    runbook: 'listBackups',
    instance,
    dryRun: false,
    requestedBy,
    input: {},
  });
  await follow(session, workflowId, { everyMs: 200, onLook: () => undefined });
  const report = await readReport(session, workflowId);
  const backups = report['backups'];
  if (isBackupsReport(backups)) return backups;
  throw new CommandError(
    `the backups of ${instance} could not be listed: ${report.conclusion ?? 'the run has not ended'}`,
    `See what it found: runbooks report ${workflowId}`,
  );
}

function isBackupsReport(value: unknown): value is BackupsReport {
  return typeof value === 'object' && value !== null && 'decisions' in value && 'retention' in value;
}
