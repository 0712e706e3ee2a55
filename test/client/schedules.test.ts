import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { parse, stringify } from 'yaml';
import { loadEstate } from '../../estate/load';
import type { EstateInput } from '../../estate/schema';
import { serverTimeZone } from '../../client/schedules/server-time-zone';
import { wantedSchedules } from '../../client/schedules/wanted';
import { runCommand } from '../support/command-line';
import { openConnection } from '../support/open-connection';
import type { OpenConnection } from '../support/open-connection';
import { until } from '../support/until';
import { readFileSync } from 'node:fs';

const namespace = `schedules-${randomUUID().slice(0, 8)}`;
const environment = { TEMPORAL_NAMESPACE: namespace };
const folder = mkdtempSync(join(tmpdir(), 'schedules-'));
const file = join(folder, 'estate.yaml');
const EXAMPLE = parse(
  readFileSync(join(__dirname, '../../estate/examples/production.yaml'), 'utf8'),
) as EstateInput;
const [INSTANCE = ''] = Object.keys(EXAMPLE.instances);
const ID = `runbooks/${INSTANCE}/hourly`;

let opened: OpenConnection;
let client: Client;

type Schedules = NonNullable<EstateInput['instances'][string]['schedules']>;
const HOURLY = {
  runbook: 'backup',
  cron: '5 * * * *',
  timeZone: 'Europe/Berlin',
  jitter: '2m',
  catchUp: '30m',
};

function write(schedules: Schedules): void {
  const instances = { ...EXAMPLE.instances, [INSTANCE]: { ...EXAMPLE.instances[INSTANCE]!, schedules } };
  writeFileSync(file, stringify({ ...EXAMPLE, instances }));
}

function say(...words: string[]) {
  return runCommand(['schedules', ...words], { environment });
}

function apply(...words: string[]) {
  return say('apply', '--estate', file, ...words);
}

beforeAll(async () => {
  const setup = await runCommand(['setup', '--create-namespace'], { environment });
  if (setup.code !== 0) throw new Error(setup.err);
  opened = await openConnection(process.env['TEST_TEMPORAL_ADDRESS'] ?? '');
  client = new Client({ connection: opened.connection, namespace });
});
afterAll(async () => {
  await opened.close();
  rmSync(folder, { recursive: true });
});

test('a schedule of the estate is put into force as it is written, and applying again changes nothing', async () => {
  write({ hourly: { ...HOURLY, cron: '5 8-18 * * *', input: { mode: 'locked' } } });
  const said = await apply();
  expect([said.err, said.out, said.code]).toEqual(['', `${ID}: created\n`, 0]);
  const { spec, policies, action } = await client.schedule.getHandle(ID).describe();
  expect([spec.timezone, spec.jitter]).toEqual(['Europe/Berlin', 120_000]);
  expect(spec.calendars?.[0]?.minute).toEqual([{ start: 5, end: 5, step: 1 }]);
  expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 1_800_000 });
  expect(action).toMatchObject({
    workflowType: 'backup',
    args: [{ instance: INSTANCE, trigger: 'schedule', requestedBy: 'schedule hourly', mode: 'locked' }],
  });
  expect((await apply()).out).toBe(`${ID}: as the estate says\n`);
});

test('what is due every hour is due in both hours when clocks are put back', async () => {
  write({ hourly: { ...HOURLY, jitter: '0s' } });
  expect((await apply()).out).toBe(`${ID}: changed as the estate says\n`);
  const time = (text: string) => msToTs(Date.parse(text));
  const { startTime } = await client.workflowService.listScheduleMatchingTimes({
    ...{ namespace, scheduleId: ID },
    ...{ startTime: time('2026-10-24T23:30:00Z'), endTime: time('2026-10-25T03:30:00Z') },
  });
  expect(
    startTime?.map(({ seconds }) => new Date(Number(seconds) * 1000).toISOString().slice(11, 16)),
  ).toEqual(['00:05', '01:05', '02:05', '03:05']);
});

test('only what is due every hour is read by the clocks of Greenwich, and only whole hours away from them', () => {
  const now = new Date('2026-11-25T00:00:00Z');
  expect(serverTimeZone('5 * * * *', 'Europe/Berlin', now)).toBe('UTC');
  expect(serverTimeZone('*/20 * * * *', 'America/New_York', now)).toBe('UTC');
  expect(serverTimeZone('30 4,16 * * *', 'Europe/Berlin', now)).toBe('Europe/Berlin');
  expect(serverTimeZone('5 * * * 1', 'Europe/Berlin', now)).toBe('Europe/Berlin');
  expect(serverTimeZone('5 * * * *', 'Asia/Kolkata', now)).toBe('Asia/Kolkata');
  expect(serverTimeZone('5 * * * *', 'Australia/Lord_Howe', now)).toBe('Australia/Lord_Howe');
});

test('a pause that people made stays when the estate changes', async () => {
  const paused = await say('pause', `${INSTANCE}/hourly`, '--note', 'migration', '--as', 'ada');
  expect([paused.err, paused.code]).toEqual(['', 0]);
  write({ hourly: { ...HOURLY, cron: '35 * * * *' } });
  expect((await apply()).out).toBe(`${ID}: changed as the estate says\n`);
  const { spec, state } = await client.schedule.getHandle(ID).describe();
  expect(spec.calendars?.[0]?.minute).toEqual([{ start: 35, end: 35, step: 1 }]);
  expect(state).toMatchObject({ paused: true, note: 'ada: migration' });
  await until(
    'the list to know it',
    async () => (await say('list')).out.includes('paused (ada: migration)') || undefined,
  );
  expect((await say('resume', `${INSTANCE}/hourly`, '--as', 'ada')).code).toBe(0);
  expect((await client.schedule.getHandle(ID).describe()).state.paused).toBe(false);
});

test('it can be started now, and for times that were missed', async () => {
  const starts = async (): Promise<number> =>
    (await client.schedule.getHandle(ID).describe()).info.recentActions.length;
  expect((await say('trigger', `${INSTANCE}/hourly`)).code).toBe(0);
  await until('the start', async () => (await starts()) === 1 || undefined);
  const [run] = (await client.schedule.getHandle(ID).describe()).info.recentActions;
  expect(run!.action.workflow.workflowId).toMatch(new RegExp(`^backup/${INSTANCE}/hourly-\\d{4}-`));
  const wrong = await say('backfill', `${INSTANCE}/hourly`, '--from', '2026-01-02T00:00:00Z');
  expect([wrong.code, wrong.err]).toEqual([
    2,
    expect.stringContaining("required option '--to <time>' not specified"),
  ]);
  // No worker serves this namespace: the first run stays open, and the missed ones wait for it.
  const times = ['--from', '2026-01-02T00:00:00Z', '--to', '2026-01-02T02:00:00Z'];
  expect((await say('backfill', `${INSTANCE}/hourly`, ...times)).code).toBe(0);
  await client.workflow.getHandle(run!.action.workflow.workflowId).terminate();
  await until('a missed start', async () => (await starts()) > 1 || undefined);
});

test('one that the estate does not name any more is told, and removed only when that is asked for', async () => {
  write({});
  await until(
    'the list to know it',
    async () => (await apply()).out.includes(`${ID}: not in the estate`) || undefined,
  );
  expect((await apply('--remove')).out).toBe(`${ID}: removed\n`);
  const gone = await say('pause', `${INSTANCE}/hourly`);
  expect([gone.code, gone.err]).toEqual([1, expect.stringContaining(`there is no schedule ${ID}`)]);
});

test('a schedule of the estate starts a run over many, without an instance of its own', async () => {
  const nightly = { runbook: 'backupFleet', cron: '30 1 * * *', input: { concurrency: 20 } };
  writeFileSync(file, stringify({ ...EXAMPLE, schedules: { nightly } }));
  const id = 'runbooks/estate/nightly';
  expect((await apply('--remove')).out).toContain(`${id}: created\n`);
  const { action } = await client.schedule.getHandle(id).describe();
  expect(action).toMatchObject({
    workflowType: 'backupFleet',
    args: [{ instance: 'estate', trigger: 'schedule', requestedBy: 'schedule nightly', concurrency: 20 }],
  });
  expect((await say('trigger', 'estate/nightly')).code).toBe(0);
  const run = await until('the start', async () => {
    const { recentActions } = (await client.schedule.getHandle(id).describe()).info;
    return recentActions[0]?.action.workflow.workflowId;
  });
  expect(run).toMatch(/^backupFleet\/estate\/nightly-\d{4}-/);
  await client.workflow.getHandle(run).terminate();
  expect((await say('pause', 'estate/nightly', '--as', 'ada', '--note', 'enough')).code).toBe(0);
});

describe('when the clocks change', () => {
  /** The next starts after a time, by the server itself: hours and minutes in UTC, with the days since. */
  async function startsFrom(
    startAt: Date,
    entry: { readonly cron: string; readonly timeZone?: string },
  ): Promise<string[]> {
    write({ dst: { runbook: 'backup', timeZone: 'Europe/Berlin', ...entry } });
    const [wanted] = wantedSchedules(loadEstate(file), 'runbooks');
    const handle = await client.schedule.create({
      ...{ ...wanted!, scheduleId: `dst-${randomUUID()}`, spec: { ...wanted!.spec, startAt } },
    });
    try {
      const { nextActionTimes } = (await handle.describe()).info;
      const midnight = Math.floor(startAt.getTime() / DAY) * DAY;
      return nextActionTimes.slice(0, 4).map((time) => {
        const days = Math.floor((time.getTime() - midnight) / DAY);
        return `${days}d ${time.toISOString().slice(11, 16)}`;
      });
    } finally {
      await handle.delete();
    }
  }

  const DAY = 86_400_000;
  /** So many hours before the last Sunday of a month of next year begins in UTC; the clocks change at 01:00 UTC. */
  function before(hours: number, month: 3 | 10): Date {
    const last = new Date(Date.UTC(new Date().getUTCFullYear() + 1, month, 0));
    return new Date(last.getTime() - last.getUTCDay() * DAY - hours * 3_600_000);
  }
  const DAILY = { cron: '30 2 * * *' };
  const EACH_HOUR = { cron: '5 * * * *' };

  test('in spring the hour that is left out starts nothing; an hourly schedule goes on each hour', async () => {
    expect(await startsFrom(before(24, 3), DAILY)).toEqual([
      ...['0d 01:30', '2d 00:30', '3d 00:30', '4d 00:30'],
    ]);
    expect(await startsFrom(before(1, 3), EACH_HOUR)).toEqual([
      ...['0d 23:05', '1d 00:05', '1d 01:05', '1d 02:05'],
    ]);
  });

  test('in autumn the repeated hour counts once: a daily one starts once, an hourly one goes on in both hours', async () => {
    expect(await startsFrom(before(24, 10), DAILY)).toEqual([
      ...['0d 00:30', '1d 01:30', '2d 01:30', '3d 01:30'],
    ]);
    expect(await startsFrom(before(1, 10), EACH_HOUR)).toEqual([
      ...['0d 23:05', '1d 00:05', '1d 01:05', '1d 02:05'],
    ]);
  });
});

test('a mistake in a schedule is told with its place', () => {
  write({ hourly: { ...HOURLY, timeZone: 'Europe/Berlim' } });
  expect(() => loadEstate(file)).toThrow(/timeZone/);
  write({ hourly: { ...HOURLY, cron: 'hourly' } });
  expect(() => loadEstate(file)).toThrow(/five fields/);
});

test('equal estates give equal schedules, and every change another fingerprint', () => {
  const of = (entry: Schedules[string]): string => {
    write({ hourly: entry });
    return JSON.stringify(wantedSchedules(loadEstate(file), 'runbooks')[0]!.action.memo);
  };
  expect(of(HOURLY)).toBe(of({ ...HOURLY }));
  const others = [
    { ...HOURLY, jitter: '3m' },
    { ...HOURLY, overlap: 'bufferOne' as const },
    { ...HOURLY, input: { a: 1 } },
  ];
  expect(new Set([HOURLY, ...others].map(of)).size).toBe(4);
});
