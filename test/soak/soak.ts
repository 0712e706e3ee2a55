import { Calendar } from '../../lab/clock/calendar';
import { startTraffic } from '../../lab/traffic/of-world';
import { readUsage } from '../bench/process-usage';
import { FailoverBench } from '../support/failover-bench';
import { Days } from './days';
import type { Play } from './days';
import { withSchedules } from './estate';
import { removeLabCopies } from './found-points';
import { HeldPoints } from './held-points';
import { dueIn, hoursBefore, SCHEDULES } from './hours';
import type { ScheduleName } from './hours';
import { brokenLinks } from './manifest-chain';
import { failOver, restoreOlder } from './recoveries';
import type { Findings } from './result';
import { Starts } from './starts';

export interface SoakSettings {
  readonly days: number;
  /** End of the emulated days, epoch milliseconds, not in the future. */
  readonly until: number;
  /** How many times faster than in AWS its waits pass. */
  readonly scale: number;
  /** `host:port` of the Temporal server. */
  readonly temporal: string;
  readonly say: (line: string) => void;
}

/** Days of scheduled backups under traffic, the loss of a region, the failover from the copies, and a restore. */
export async function soak(settings: SoakSettings, findings: Findings): Promise<void> {
  const { scale, temporal, say, until, days } = settings;
  const bench = await FailoverBench.open({ scale, nodes: 1, drill: true, temporal });
  try {
    const hours = hoursBefore(until, days);
    const [first = until, last = until] = [hours[0], hours.at(-1)];
    findings.set({ from: new Date(first).toISOString(), to: new Date(last).toISOString() });
    await bench.changeEstate(withSchedules(bench.world.instance));
    await removeLabCopies(bench);
    // Whatever is pushed is recorded within the emulated days.
    const calendar = new Calendar(bench.world.directory.calendar);
    calendar.move(first - Date.now());
    const worker = await bench.startWorkerProcess();
    const traffic = await startTraffic(bench.world);
    try {
      const starts = await Starts.begin(bench);
      const play: Play = { bench, calendar, starts, held: new HeldPoints(bench), findings, say };
      const played = new Days(play);
      say(
        `${hours.length} hours from ${findings.all.from} to ${findings.all.to}, lab in ${bench.world.directory.root}`,
      );
      const memory = { first: 0, last: 0 };
      for (const hour of hours) {
        await played.playHour(hour);
        memory.last = readUsage(worker.pid).residentMib;
        if (memory.first === 0) memory.first = memory.last;
        findings.set({ workerMebibytes: { ...memory } });
      }
      await played.playNow();
      await judgeDays(play, hours);
      await failOver(play, played, traffic);
      await restoreOlder(play, played, traffic);
      findings.set({ pushes: (await traffic.summary()).acknowledged });
    } finally {
      await traffic.stop();
    }
    const violations = await bench.violations();
    findings.set({ violations });
    findings.problem(...violations);
    say(`${violations.length} violations; taking everything down`);
  } finally {
    await bench.close();
  }
}

/** What can be said only when all days are over: while both regions are there. */
async function judgeDays({ bench, starts, findings }: Play, hours: readonly number[]): Promise<void> {
  const links = await brokenLinks(bench);
  findings.set({ chainUnbroken: links.length === 0 });
  findings.problem(...links);
  for (const name of Object.keys(SCHEDULES) as ScheduleName[]) {
    const due = hours.filter((hour) => dueIn(hour, SCHEDULES[name]) !== null).length;
    const wanted = due + (name === 'trial' ? 0 : 1);
    const taken = await starts.taken(name);
    if (taken !== wanted) findings.problem(`the schedule ${name} has started ${taken} runs, not ${wanted}`);
  }
  findings.problem(...(await bench.violations()));
}
