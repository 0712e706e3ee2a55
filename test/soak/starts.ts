import { runCommand } from '../support/command-line';
import type { FailoverBench } from '../support/failover-bench';
import { LiveRun } from '../support/live-run';
import { until } from '../support/until';
import { dueIn, SCHEDULES } from './hours';
import type { ScheduleName } from './hours';

const HOUR = 3_600_000;
/** A schedule starts a run within a second; a busy machine takes longer. */
const START_SECONDS = 60;

/**
 * The schedules of the estate as Temporal keeps them. They are paused, so that they start nothing by the real time, and
 * backfilled hour by hour: what is started, and for which time, is theirs to say.
 */
export class Starts {
  private constructor(private readonly bench: FailoverBench) {}

  static async begin(bench: FailoverBench): Promise<Starts> {
    const starts = new Starts(bench);
    await starts.say('setup', '--estate', bench.world.estate);
    for (const name of Object.keys(SCHEDULES))
      await starts.say('schedules', 'pause', starts.idOf(name), '--note', 'started hour by hour');
    return starts;
  }

  /** Starts what is due in an hour. `missed`: the schedule should have started something, and has not. */
  async inHour(name: ScheduleName, hour: number): Promise<LiveRun | 'notDue' | 'missed'> {
    const [from, to] = [hour, hour + HOUR - 1000].map((at) => new Date(at).toISOString());
    await this.say('schedules', 'backfill', this.idOf(name), '--from', from ?? '', '--to', to ?? '');
    const due = dueIn(hour, SCHEDULES[name]);
    if (due === null) return 'notDue';
    const time = new Date(due).toISOString().replace('.000Z', 'Z');
    const { runbook } = SCHEDULES[name];
    const id = `${runbook}/${this.bench.world.instance}/${name}-${time}`;
    const handle = this.bench.client.workflow.getHandle(id);
    const isThere = await until(id, () => handle.describe(), START_SECONDS).catch(() => undefined);
    return isThere === undefined ? 'missed' : new LiveRun(handle);
  }

  /** Starts it for now. */
  async now(name: ScheduleName): Promise<LiveRun> {
    const before = await this.taken(name);
    await this.say('schedules', 'trigger', this.idOf(name));
    const id = await until(
      `${name} to be started`,
      async () => {
        const { info } = await this.handle(name).describe();
        return info.numActionsTaken > before
          ? info.recentActions.at(-1)?.action.workflow.workflowId
          : undefined;
      },
      START_SECONDS,
    );
    return new LiveRun(this.bench.client.workflow.getHandle(id));
  }

  /** How many runs a schedule has started. */
  async taken(name: ScheduleName): Promise<number> {
    return (await this.handle(name).describe()).info.numActionsTaken;
  }

  private handle(name: ScheduleName) {
    return this.bench.client.schedule.getHandle(`runbooks/${this.idOf(name)}`);
  }

  private idOf(name: string): string {
    return `${this.bench.world.instance}/${name}`;
  }

  private async say(...words: string[]): Promise<void> {
    const { code, err } = await runCommand(words, { environment: this.bench.environment });
    if (code !== 0) throw new Error(`runbooks ${words.join(' ')}: ${err}`);
  }
}
