import type { Calendar } from '../../lab/clock/calendar';
import type { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';
import type { Report } from '../../workflows/runbook/report';
import { pointsAt } from './found-points';
import type { HeldPoints } from './held-points';
import { SCHEDULES } from './hours';
import type { ScheduleName } from './hours';
import type { Findings } from './result';
import type { Starts } from './starts';

export interface Play {
  readonly bench: FailoverBench;
  readonly calendar: Calendar;
  readonly starts: Starts;
  readonly held: HeldPoints;
  readonly findings: Findings;
  readonly say: (line: string) => void;
}

/** A run of a backup or a trial takes seconds at the soak's pace; a prune of 40 points some minutes on a busy machine. */
const RUN_SECONDS = 600;
/** Between the time for which a schedule starts a backup and the instant that it holds. */
const START_LIMIT_MS = 180_000;
const ORDER: readonly ScheduleName[] = ['hourly', 'prune', 'trial'];

/** Plays one hour after the other: the calendar of the world is put to it, and the schedules start what is due in it. */
export class Days {
  /** By the name of a backup: milliseconds by which the calendar was before the machine's clock at its capture. */
  private readonly ahead = new Map<string, number>();
  private lastCapture: number | undefined;

  constructor(private readonly play: Play) {}

  async playHour(hour: number): Promise<void> {
    const { calendar, findings, starts, say } = this.play;
    const due = hour + SCHEDULES.hourly.minute * 60_000;
    calendar.move(due - Date.now());
    const began = Date.now();
    const told: string[] = [];
    for (const name of ORDER) {
      const run = await starts.inHour(name, hour);
      if (run === 'missed') {
        findings.problem(`${name} has started nothing in the hour of ${new Date(hour).toISOString()}`);
        told.push(`${name} missed`);
      } else if (run !== 'notDue') told.push(await this.follow(name, run, due));
    }
    say(
      `${new Date(hour).toISOString().slice(0, 16)}Z  ${told.join('; ')}  (${((Date.now() - began) / 1000).toFixed(1)} s)`,
    );
  }

  /** The last backup, and a prune after it, at the time that it really is. */
  async playNow(): Promise<void> {
    const { calendar, starts, say } = this.play;
    calendar.move(0);
    for (const name of ['hourly', 'prune'] as const)
      say(`now  ${await this.follow(name, await starts.now(name), Date.now())}`);
  }

  /** When a backup was captured, epoch milliseconds by the machine's clock, which is that of the traffic. */
  machineTime(backup: string): number {
    const point = this.play.held.at('standby').find((one) => one.backup === backup);
    if (point === undefined) throw new Error(`no ${backup} at the standby`);
    return point.capturedAt - (this.ahead.get(backup) ?? 0);
  }

  private async follow(name: ScheduleName, run: LiveRun, due: number): Promise<string> {
    const { findings } = this.play;
    const { outcome, conclusion } = await run.ended(RUN_SECONDS);
    findings.history((await run.handle.describe()).historyLength);
    const kind = { hourly: 'backups', prune: 'prunes', trial: 'trials' } as const;
    findings.count(kind[name]);
    if (outcome !== 'SUCCEEDED') {
      findings.problem(`${run.id} ended ${String(outcome)}: ${conclusion ?? ''}`);
      return `${SCHEDULES[name].runbook} ${String(outcome)}`;
    }
    const report = await run.report();
    switch (name) {
      case 'hourly':
        return this.backedUp(report, due);
      case 'prune':
        return this.pruned();
      case 'trial':
        return this.tried(report);
    }
  }

  private async backedUp(report: Report, due: number): Promise<string> {
    const { bench, calendar, held, findings } = this.play;
    const { name } = report['backup'] as { readonly name: string };
    const point = (await pointsAt(bench, 'primary')).find(({ backup }) => backup === name);
    if (point === undefined) {
      findings.problem(`${name} succeeded and is not there`);
      return `${name} missing`;
    }
    const { capturedAt } = point;
    findings.count('succeeded');
    this.ahead.set(name, calendar.ahead);
    if (Math.abs(capturedAt - due) > START_LIMIT_MS) {
      findings.problem(
        `${name} was due at ${new Date(due).toISOString()} and holds ${new Date(capturedAt).toISOString()}`,
      );
    }
    this.noteGap(capturedAt);
    held.add(name, capturedAt);
    return name;
  }

  private noteGap(capturedAt: number): void {
    const { calendar, findings } = this.play;
    const gap = (capturedAt - (this.lastCapture ?? capturedAt)) / 1000;
    this.lastCapture = capturedAt;
    const { longestGapSeconds } = findings.all;
    // The last backup is taken after a leap to the time that it really is.
    if (calendar.ahead !== 0)
      findings.set({ longestGapSeconds: Math.max(longestGapSeconds, Math.round(gap)) });
  }

  private async pruned(): Promise<string> {
    const { held, findings } = this.play;
    const before = held.deleted.primary + held.deleted.standby;
    held.prune();
    const wrong = await held.differences();
    if (wrong.length > 0) {
      findings.set({ keptAsExpected: false });
      findings.problem(...wrong);
    }
    findings.set({ kept: held.counts, deleted: { ...held.deleted } });
    const { primary, standby } = held.counts;
    const went = held.deleted.primary + held.deleted.standby - before;
    return `${went} pruned, ${primary} and ${standby} left`;
  }

  private tried(report: Report): string {
    const { held, findings } = this.play;
    const { backup, result } = report['verification'] as { readonly backup: string; readonly result: string };
    if (result === 'passed') held.prove(backup);
    else findings.problem(`the trial of ${backup}: ${result}`);
    return `trial of ${backup} ${result}`;
  }
}
