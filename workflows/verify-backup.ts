import { workflowInfo } from '@temporalio/workflow';
import type { VerificationRecord } from './plan/backup/manifest';
import { placeName } from './plan/backup/restore-point';
import type { Instance } from './plan/instance';
import type { Settings } from './plan/settings';
import type { Pick } from './plan/verify/pick-point';
import { recordedChecks, verdictOf } from './plan/verify/verdict';
import type { TrialCheck, Verdict } from './plan/verify/verdict';
import { chooseDrillTarget, lookForRemains } from './procedures/drill-target';
import type { DrillTarget } from './procedures/drill-target';
import { bringUpCopy } from './procedures/isolated-copy';
import { proveCopy } from './procedures/prove-copy';
import type { Run } from './runbook/run';
import { runbook } from './runbook/runbook';
import { recordVerification } from './steps/verify';

/** Besides what every runbook accepts. */
interface VerifyBackupInput {
  /** Name of the backup, as `runbooks backups list` shows it. */
  readonly backup?: string | undefined;
  /** Which one, where none is named; the newest unless told. */
  readonly pick?: Pick | undefined;
}

type VerifyRun = Run<VerifyBackupInput, Instance, Settings>;

/**
 * Tries a backup: restored at the drill site, booted, looked into, and torn down again, whatever comes of it and at the
 * policy's limit at the latest. A backup that turns out bad is a result, not a question: it is recorded, and retention goes by
 * it. Holds the drill site only: backups and failovers of the instance go on meanwhile.
 */
export const verifyBackup = runbook<VerifyBackupInput, Instance, Settings>(
  'verifyBackup',
  { recovery: false, part: 'drill' },
  async (run) => {
    const { backup: wanted, pick = 'newest' } = run.input;
    const target = await chooseDrillTarget(run, { backup: wanted, pick });
    const { drill, chosen } = target;
    run.fact(
      'torn down',
      `when it is done, and after ${Math.round(run.policy.verify.limitSeconds / 60)} min at the latest`,
    );
    const { backup } = chosen.point;
    await run.gate('verifyBackup', `Try ${backup} at the drill site in ${drill.region}, and tear it down`);

    const trial = new Trial();
    const ended = await run.attempt((attempted) =>
      attempted.temporary(run.policy.verify.limitSeconds, (copy) => tryOut(copy, target, trial)),
    );
    trial.reached('tornDown');
    run.verifying();
    await lookForRemains(run, target);

    const verdict = verdictOf(trial.checks, ended.done ? null : ended);
    report(run, target, trial, verdict);
    if (verdict.result === null) {
      return run.refuse({
        code: 'notVerified',
        message: `${backup} could not be tried: ${verdict.why ?? 'no reason given'}. That says nothing about the backup.`,
        remedy: 'Mend what was in the way, and start again.',
      });
    }
    const { workflowId, runId } = workflowInfo();
    const record: VerificationRecord = {
      ...{ record: 'verification', backup, place: chosen.point.place },
      checks: recordedChecks(verdict),
      result: verdict.result,
      at: new Date().toISOString(),
      durationSeconds: trial.totalSeconds,
      measured: trial.measured,
      run: { workflowId, runId },
    };
    const { members } = chosen.point;
    await run.step(recordVerification, { store: target.store, instance: run.subject.name, record, members });
    if (verdict.result === 'failed') {
      run.degraded(`${backup} failed its verification: ${verdict.why ?? 'no reason given'}`);
      run.followUp(
        `${backup} at ${placeName(chosen.point.place)} cannot be relied on: try an older one (runbooks backups verify ` +
          `${run.subject.name} <backup>), take another backup, and find out what is wrong with the source.`,
      );
    }
  },
);

async function tryOut(copy: VerifyRun, target: DrillTarget, trial: Trial): Promise<void> {
  const { drill, manifest } = target;
  trial.begin();
  const first = await bringUpCopy(copy, target, (part) => trial.reached(part));
  const seed = workflowInfo().runId;
  await proveCopy(copy, { drill, manifest, first, seed }, (check) => trial.checks.push(check));
  trial.reached('proven');
}

function report(run: VerifyRun, { chosen, drill }: DrillTarget, trial: Trial, verdict: Verdict): void {
  const { backup, place, capturedAt } = chosen.point;
  run.report('verification', {
    ...{ backup, place, capturedAt, drill: drill.stack.name },
    ...{ result: verdict.result, why: verdict.why, checks: verdict.checks },
    ...{ durationSeconds: trial.totalSeconds, measured: trial.measured },
  });
}

/** What a trial brings to light, and how long it took to get where. */
class Trial {
  readonly checks: TrialCheck[] = [];
  private startedAt = Date.now();
  private readonly at = new Map<string, number>();

  begin(): void {
    this.startedAt = Date.now();
  }

  reached(what: 'home' | 'database' | 'node' | 'proven' | 'tornDown'): void {
    this.at.set(what, Date.now());
  }

  get totalSeconds(): number {
    return this.seconds('tornDown') ?? 0;
  }

  /** Seconds since the trial began: `node` is how long a restore of this backup takes until it could serve. */
  get measured(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.at.keys()].map((what) => [`${what}Seconds`, this.seconds(what) ?? 0]));
  }

  private seconds(what: string): number | undefined {
    const at = this.at.get(what);
    return at === undefined ? undefined : Math.round((at - this.startedAt) / 100) / 10;
  }
}
