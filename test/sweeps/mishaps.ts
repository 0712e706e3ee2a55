import { setTimeout as sleep } from 'node:timers/promises';
import { isLabs } from '../../lab/gateway/ledger';
import type { OwnServer } from './own-server';
import type { Mishap, Schedule, Scheduled } from './schedule';
import type { Session } from './session';

/** Lets a schedule happen beside a run, until all of it has happened and is over again. */
export class Mishaps {
  /** When the primary site began to come back, epoch milliseconds; null: never. */
  primaryReturnedAt: number | null = null;
  /** Mishaps of the lab itself that failed. */
  readonly failures: string[] = [];
  private readonly ending = new AbortController();
  private happening: Promise<unknown> = Promise.resolve();
  private crashing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly session: Session,
    private readonly server: OwnServer,
    private readonly schedule: Schedule,
  ) {}

  begin(runId: string): void {
    this.happening = Promise.all(this.schedule.mishaps.map((one) => this.awaitOne(runId, one)));
  }

  /** What has not happened yet will not; what lasts is ended. */
  async end(): Promise<void> {
    this.ending.abort();
    await this.happening;
    this.session.worker.setClock(0);
    this.session.bench.world.gateway.faults.clear();
  }

  private async awaitOne(runId: string, { when, latestSeconds, mishap }: Scheduled): Promise<void> {
    const latest = Date.now() + latestSeconds * 1000;
    const due = (): boolean =>
      Date.now() > latest ||
      this.session.worker
        .diary(runId)
        .some(
          ({ event, activity, nth }) => event === 'start' && activity === when.activity && nth === when.nth,
        );
    while (!due()) {
      if (this.ending.signal.aborted) return;
      await this.pause(0.05);
    }
    if (this.ending.signal.aborted) return;
    await this.strike(mishap).catch((error: unknown) =>
      this.failures.push(`${mishap.kind}: ${String(error)}`),
    );
  }

  private async strike(mishap: Mishap): Promise<void> {
    const { bench, worker } = this.session;
    const { world } = bench;
    const { faults } = world.gateway;
    switch (mishap.kind) {
      case 'killWorker':
        return worker.kill();
      case 'loseAnswers':
        faults.add({
          match: { mutating: true, where: (call) => !isLabs(call) },
          times: mishap.count,
          effect: { kind: 'dropAfter' },
        });
        return;
      case 'throttle':
        faults.add({
          match: { where: (call) => !isLabs(call) },
          times: mishap.count,
          effect: { kind: 'error', code: 'ThrottlingException', status: 400 },
        });
        return;
      case 'partition': {
        const { region } = world.sites[mishap.site].layout;
        // The disaster may have cut it off for good already.
        if (faults.outageOf(region) !== undefined) return;
        faults.regionDown(region, 'timeout');
        await this.pause(mishap.seconds);
        if (
          !world.disasters.some((one) => one === 'region-down' || one === 'partition') ||
          mishap.site === 'standby'
        )
          faults.regionUp(region);
        return;
      }
      case 'primaryReturns':
        await this.pause(mishap.seconds);
        this.primaryReturnedAt ??= Date.now();
        return world.heal();
      case 'databaseCrash': {
        // One after the other: a server that has no power cannot crash, and must not be started while it loses it.
        const crash = this.crashing.then(() => this.crashDatabase(mishap.seconds));
        this.crashing = crash.catch(() => undefined);
        return crash;
      }
      case 'clockJump':
        worker.setClock(mishap.seconds);
        return;
      case 'temporalRestart':
        return this.server.restart();
    }
  }

  private async crashDatabase(seconds: number): Promise<void> {
    const { world } = this.session.bench;
    const { region, databaseId } = world.sites.standby.layout;
    await world.databases.powerOff(region, databaseId);
    await this.pause(seconds);
    await world.databases.powerOn(region, databaseId);
  }

  private pause(seconds: number): Promise<void> {
    return sleep(seconds * 1000, undefined, { signal: this.ending.signal }).catch(() => undefined);
  }
}
