import type { Browser } from 'playwright-core';
import { connect } from '../../client/connection';
import type { Session } from '../../client/connection';
import { addAttributes, readAttributes } from '../../client/search-attributes';
import { missingWorker } from '../../client/start-run';
import { LabProcess } from '../../lab/world/process';
import { programPath } from '../../lab/world/program';
import { World } from '../../lab/world/world';
import { LiveRun } from '../support/live-run';
import { until } from '../support/until';
import { startBrowser, TemporalPages } from './temporal-pages';
import type { Details } from './temporal-pages';

const RUN = 'drFailover/bitbucket-prod/by-hand';
/** Installing a browser takes minutes where there is none. */
const INSTALL_MS = 900_000;

let browser: Browser;
let world: World;
let session: Session;
let worker: LabProcess;
let pages: TemporalPages;

beforeAll(async () => {
  browser = await startBrowser();
  world = await World.start({ scale: 120, temporal: 'own', nodes: 1, homeCopyEverySeconds: null });
  session = await connect({ ...process.env, ...world.environment() });
  await addAttributes(session, await readAttributes(session));
  worker = await LabProcess.start({
    name: 'worker',
    command: process.execPath,
    args: ['--no-warnings', programPath('bin/runbooks'), 'worker'],
    log: world.directory.log('worker'),
    env: {
      ...world.environment(),
      RUNBOOKS_AWS_TIMEOUT_SECONDS: '4',
      RUNBOOKS_SHUTDOWN_GRACE_SECONDS: '1',
    },
  });
  await until('a worker', async () => ((await missingWorker(session)) === undefined ? true : undefined));
  await world.breakIt('region-down');
  pages = await TemporalPages.open(browser, world.temporal?.ui ?? '');
}, INSTALL_MS);

afterAll(async () => {
  await browser?.close();
  // Whoever still waits for the run's end is answered before the connection closes.
  await session?.client.workflow
    .getHandle(RUN)
    .terminate()
    .catch(() => {});
  await worker?.stop(15_000);
  await session?.close();
  await world?.stop();
});

/** The JSON that the page offers for an ask, as somebody pastes it who fills in what is asked for. */
function offered({ codes }: Details, ask: string, filledIn: Readonly<Record<string, string>>): string {
  const messages = codes.map((code) => JSON.parse(code) as Readonly<Record<string, string>>);
  const message = messages.find((one) => one['ask'] === ask);
  if (message === undefined) throw new Error(`the page offers nothing for ${ask}: ${codes.join(' ')}`);
  for (const name of Object.keys(filledIn)) expect(message).toHaveProperty(name);
  return JSON.stringify({ ...message, ...filledIn });
}

test('a run started with the form says on its page what is asked of whom, and with which JSON to answer', async () => {
  await pages.start('drFailover', RUN, 'runbooks', '{ "instance": "bitbucket-prod" }');
  const { text, codes } = await until(
    'both questions on the page',
    async () => {
      const details = await pages.details(RUN);
      return details.codes.length === 2 ? details : undefined;
    },
    90,
  );
  for (const part of [
    'Waits for 2 decisions.',
    'Nothing has been changed so far.',
    'Fail bitbucket-prod over from primary to standby',
    '2 approvals from different people with role operator or manager',
    'lost site: primary (eu-central-1)',
    'One approval from a person with role manager',
    'fenceUnproven',
    'More Actions, Send an Update, decide',
    'Promote the standby database (no way back)',
    'Verify the service as users meet it',
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toMatch(/\*\*|\\|```|&#?\w+;/);
  const [failover, consent] = codes.map((code) => JSON.parse(code) as unknown);
  const planHash = expect.stringMatching(/^[0-9a-f]{16}$/) as string;
  expect(failover).toEqual({ ask: 'failover', verdict: 'approve', actor: 'YOUR NAME', planHash });
  expect(consent).toEqual({
    ask: 'unprovenFence',
    verdict: 'approve',
    actor: 'YOUR NAME',
    planHash,
    note: '',
  });
});

test('a decision that does not count is refused in the form, in words for whoever sent it', async () => {
  const page = await pages.details(RUN);
  expect(await pages.update('decide', offered(page, 'failover', { actor: 'mallory' }))).toContain(
    '"mallory" is not among the people of the estate (ada, grace, linus, margaret, katherine)',
  );
  expect(await pages.update('decide', offered(page, 'unprovenFence', { actor: 'margaret' }))).toContain(
    '"unprovenFence" needs a reason',
  );
  expect((await pages.details(RUN)).text).toContain('Waits for 2 decisions.');
});

test('approvals sent with the form carry the run to SUCCEEDED, which its page and the list show', async () => {
  const note = 'the provider confirms that the region has no power';
  const before = await pages.details(RUN);
  expect(await pages.update('decide', offered(before, 'failover', { actor: 'ada' }))).toBeNull();
  const page = await pages.details(RUN);
  expect(page.text).toContain('1 more of 2 approvals');
  expect(
    await pages.update('decide', offered(page, 'unprovenFence', { actor: 'margaret', note })),
  ).toBeNull();
  expect(await pages.update('decide', offered(page, 'failover', { actor: 'grace' }))).toBeNull();
  const { conclusion } = await new LiveRun(session.client.workflow.getHandle(RUN)).ended();
  expect(conclusion).toBe('everything was done and verified');

  const { text } = await pages.details(RUN);
  for (const part of ['SUCCEEDED: everything was done and verified', 'Still to do by people', note])
    expect(text).toContain(part);
  const cells = await pages.listed('RunbookInstance="bitbucket-prod" AND RunbookOutcome="SUCCEEDED"', RUN, [
    'RunbookInstance',
    'RunbookOutcome',
    'RunbookPhase',
  ]);
  expect(cells).toEqual(expect.arrayContaining(['Completed', 'bitbucket-prod', 'SUCCEEDED', 'ended']));
  expect((await world.invariants()).violations).toEqual([]);
});
