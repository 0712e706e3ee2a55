import type { Report } from '../../workflows/runbook/report';
import { eraseRepositories } from './erase';
import { Stage } from './stage';
import type { StageOptions, StageReport } from './stage';

/** The pushes that users were told are there, judged by the service after the restore. */
interface JudgedPushes {
  readonly acknowledged: number;
  readonly lost: number;
}

export interface BackupDemoReport extends StageReport {
  /** Whether every run succeeded, and nothing is lost that was pushed before the backup. */
  readonly good: boolean;
  readonly backup: Report;
  readonly restore: Report;
  readonly verification: Report;
  readonly erasedRepositories: number;
  readonly pushes: { readonly beforeBackup: JudgedPushes; readonly afterBackup: JudgedPushes };
}

/** Users work for so long before the backup, and again between it and the loss. */
const QUIET_SECONDS = 8;
/** And for so long after the restore, so that the end of the downtime is seen from outside. */
const AFTER_SECONDS = 4;

/**
 * A backup under traffic, the loss of all repositories, the restore, and the proof of the backup beside the service.
 * @param finished called with the report while the lab still stands
 */
export function playBackup(
  options: StageOptions,
  finished: (report: BackupDemoReport) => Promise<void>,
): Promise<BackupDemoReport> {
  return Stage.within(options, { homeCopyEverySeconds: null, drill: true }, async (stage) => {
    await stage.pause(QUIET_SECONDS);
    const { report: backup } = await stage.run({
      runbook: 'backup',
      requestedBy: 'schedule',
      trigger: 'schedule',
      reason: 'the backup of this hour',
    });
    const { name } = (backup['backup'] ?? {}) as { readonly name?: string };
    await stage.pause(QUIET_SECONDS);

    const lostAt = new Date();
    const erasedRepositories = await eraseRepositories(stage.world);
    stage.say(`a clean-up script has deleted all ${erasedRepositories} repositories from the shared home`);
    await stage.outage();
    stage.say('users can neither clone nor push');
    const { report: restore } = await stage.run({
      runbook: 'restore',
      requestedBy: 'ada',
      reason: 'all repositories are gone',
      incidentStartedAt: lostAt.toISOString(),
      input: { ...(name === undefined ? {} : { backup: name }), confirm: stage.world.instance },
    });
    await stage.pause(AFTER_SECONDS);
    const pushes = await judgePushes(stage, restore);
    const { report: verification } = await stage.run({
      runbook: 'verifyBackup',
      requestedBy: 'schedule',
      trigger: 'schedule',
      reason: 'the proof of this week',
      input: name === undefined ? {} : { backup: name },
    });
    const seen = await stage.report();
    const good =
      [backup, restore, verification].every(({ outcome }) => outcome === 'SUCCEEDED') &&
      pushes.beforeBackup.lost === 0 &&
      seen.invariants.violations.length === 0;
    const all = { good, backup, restore, verification, erasedRepositories, pushes, ...seen };
    await finished(all);
    return all;
  });
}

/** Compares what users were promised with what the service has, before and after the instant of the backup. */
async function judgePushes(stage: Stage, restore: Report): Promise<BackupDemoReport['pushes']> {
  const { capturedAt = '' } = (restore['restore'] ?? {}) as { readonly capturedAt?: string };
  const promised = stage.pushes();
  const { lostPushes } = await stage.audit();
  const count = (before: boolean): JudgedPushes => {
    const of = ({ at }: { readonly at: string }): boolean => at <= capturedAt === before;
    return { acknowledged: promised.filter(of).length, lost: lostPushes.filter(of).length };
  };
  return { beforeBackup: count(true), afterBackup: count(false) };
}
