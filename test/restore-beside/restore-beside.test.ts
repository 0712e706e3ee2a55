import { cloneAndPush, findBranch } from '../../activities/bitbucket/git';
import { DRILL, PROBE_REPOSITORY } from '../../lab/world/layout';
import { USERS } from '../../lab/world/secrets';
import type { Report } from '../../workflows/runbook/report';
import { backUp, Pushes } from '../restore/restore-world';
import { runCommand } from '../support/command-line';
import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { LiveRun } from '../support/live-run';
import { doorsOf } from '../support/push';

let bench: FailoverBench;
let pushes: Pushes;
let backup: string;
const aCommit = expect.stringMatching(/^[0-9a-f]{40}$/) as string;
let before: Awaited<ReturnType<typeof footprint>>;

beforeAll(async () => {
  bench = await FailoverBench.open({ drill: true });
  await bench.startWorker();
  pushes = new Pushes(bench);
  await pushes.push('before');
  backup = await backUp(bench);
  await pushes.push('after');
  before = await footprint(bench);
});
afterAll(() => bench?.close());

const start = (more: Readonly<Record<string, unknown>> = {}) =>
  bench.start(bench.message(more), { runbook: 'restoreBeside' });

const say = (...words: readonly string[]) =>
  runCommand(['backups', ...words], { environment: bench.environment });

/** What people are told of the copy; the address of its Bitbucket. */
async function copyOf(run: LiveRun): Promise<string> {
  const { copy } = (await run.report()) as Report & {
    readonly copy: { readonly backup: string; readonly addresses: readonly string[] };
  };
  expect(copy.backup).toBe(backup);
  return /^Bitbucket: (http:\S+)$/.exec(copy.addresses[0]!)![1]!;
}

const remoteAt = (baseUrl: string) => ({
  baseUrl,
  repository: PROBE_REPOSITORY,
  login: { username: USERS.probe, password: bench.world.passwords.BITBUCKET_PROBE_PASSWORD },
});

test('a copy stands beside the service until whoever asked for it needs it no longer', async () => {
  const { out, err, code } = await say('open', bench.world.instance, '--keep', '2h', '--as', 'ada', '--json');
  expect([err, code]).toEqual(['', 0]);
  const { workflowId } = JSON.parse(out) as { readonly workflowId: string };
  const run = new LiveRun(bench.client.workflow.getHandle(workflowId));
  await run.approve('restoreBeside', 'grace');
  const ask = await run.asked('takeDown');
  expect([ask.kind, ask.verdicts, ask.planHash]).toEqual(['release', ['approve'], null]);
  expect(Date.parse(ask.deadlineAt) - Date.parse(ask.openedAt)).toBe(7_200_000);
  expect(ask.evidence.join('\n')).toContain(`Database: ${DRILL.databaseId}`);

  const there = remoteAt(await copyOf(run));
  const here = remoteAt(doorsOf(bench.world, 'primary')[0]!);
  expect([await findBranch(there, 'after'), await findBranch(here, 'after')]).toEqual([null, aCommit]);
  expect(await findBranch(there, 'before')).toBe(await findBranch(here, 'before'));
  await cloneAndPush(there, 'only-in-the-copy', 'a push to the copy');
  expect(await findBranch(here, 'only-in-the-copy')).toBeNull();

  const stranger = run.decide({ ask: 'takeDown', verdict: 'approve', actor: 'nobody' });
  await expect(stranger).rejects.toMatchObject({
    cause: { message: expect.stringContaining('not among the people') as string },
  });
  await run.decide({ ask: 'takeDown', verdict: 'approve', actor: 'ada' });
  const state = await run.ended();
  expect([state.outcome, state.degraded, state.followUps]).toEqual(['SUCCEEDED', [], []]);
  expect(state.facts.find(({ label }) => label === 'released by')?.value).toBe('ada');
  expect(await pushes.present()).toEqual(['before', 'after']);
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('silence takes it down when the time is over, and backups go on meanwhile', async () => {
  const run = await start({ backup, keep: '12s' });
  await run.approve('restoreBeside', 'grace');
  await run.asked('takeDown');
  const another = await backUp(bench);
  expect(another).not.toBe(backup);
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(state.facts.find(({ label }) => label === 'released by')?.value).toBe('nobody: the time was over');
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('cancelled while it stands, the run takes everything down', async () => {
  const run = await start({ backup });
  await run.approve('restoreBeside', 'grace');
  await run.asked('takeDown');
  await run.handle.cancel();
  const { outcome, conclusion } = await run.ended();
  expect([outcome, conclusion]).toEqual(['UNDONE', 'cancelled; everything was undone']);
  expect(await footprint(bench)).toEqual(before);
  expect(await bench.violations()).toEqual([]);
});

test('a time that is none is refused, and says what to write', async () => {
  const { outcome, problems } = await (await start({ keep: 'long' })).ended();
  expect(outcome).toBe('REFUSED');
  expect(problems[0]!.message).toContain('write 250ms, 5s, 30m');
  const { code, err } = await say('open', bench.world.instance, '--keep', 'long');
  expect([code, err]).toEqual([2, expect.stringContaining('--keep long is no duration')]);
});
