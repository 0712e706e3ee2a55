import { lease } from '../../../workflows/runbook/lease';
import { runMark } from '../../../workflows/runbook/run-mark';
import { door } from '../../support/door';
import { toyForEach } from '../../support/toy-for-each';
import type { ToyBench } from '../../support/toy-run';
import { LiveRun } from '../../support/live-run';
import { TOY_POLICY } from '../../support/toy-world';
import type { ToyWorld } from '../../support/toy-world';
import { until } from '../../support/until';

let bench: ToyBench;
let world: ToyWorld;

toyForEach((opened) => {
  bench = opened;
  world = opened.world;
});

/** A fleet whose two children wait in their first step. */
async function fleet() {
  const { open, closed } = door();
  world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
  world.before = (part) => (part === 'first.run' ? closed : undefined);
  const parent = await bench.start({}, `toyFleet/${bench.instance}/1`);
  const { runId } = await until('the parent', () => parent.status().catch(() => undefined));
  const children = ['a', 'b'].map(
    (one) =>
      new LiveRun(
        bench.client.workflow.getHandle(`toyRunbook/${bench.instance}-${one}/of-${runMark(runId)}`),
      ),
  );
  await until('both children at work', () => (world.count('first.run') === 2 ? true : undefined));
  return { parent, children, open };
}

test('a hold covers the children: none takes a further step until the parent resumes', async () => {
  const { parent, children, open } = await fleet();
  await parent.hold('ben');
  for (const child of children) {
    await until('the hold', async () => (await child.status()).heldWithParent ?? undefined);
  }
  open();
  for (const child of children) await child.step('first', ['done']);
  for (const child of children) {
    expect((await child.status()).steps.find(({ id }) => id === 'second')?.state).toBe('planned');
  }
  expect(world.count('second.run')).toBe(0);
  await parent.resume('ben');
  const state = await parent.ended();
  expect([state.outcome, (await parent.report())['children']]).toEqual([
    'SUCCEEDED',
    ['SUCCEEDED', 'SUCCEEDED'],
  ]);
});

test('a child that a person holds stays held when the parent resumes', async () => {
  const { parent, children, open } = await fleet();
  const [one, other] = children as [LiveRun, LiveRun];
  await one.hold('cy');
  await parent.hold('ben');
  await until('the hold', async () => (await one.status()).heldWithParent ?? undefined);
  await parent.resume('ben');
  await until('the resume', async () => ((await one.status()).heldWithParent === null ? true : undefined));
  open();
  expect((await other.ended()).outcome).toBe('SUCCEEDED');
  expect((await one.status()).held?.actor).toBe('cy');
  await one.resume('cy');
  expect((await parent.ended()).outcome).toBe('SUCCEEDED');
});

test('a cancel of the parent waits until every child has taken back what it did', async () => {
  const { parent, children, open } = await fleet();
  await parent.handle.cancel();
  for (const { handle } of children) {
    await until('the cancel to reach the child', async () => {
      const { events } = await handle.fetchHistory();
      return events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes) || undefined;
    });
  }
  open();
  await parent.ended();
  for (const child of children) expect((await child.ended()).outcome).toBe('UNDONE');
  expect([...world.on]).toEqual([]);
});

test('a child that a person cancels is one that ended without an outcome; the parent goes on', async () => {
  const { parent, children, open } = await fleet();
  await children[0]!.handle.cancel();
  await until('the cancel to reach the child', async () => {
    const { events } = await children[0]!.handle.fetchHistory();
    return events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes) || undefined;
  });
  open();
  const { outcome } = await parent.ended();
  expect([outcome, (await parent.report())['children']]).toEqual(['SUCCEEDED', [null, 'SUCCEEDED']]);
});

test('a child whose id is taken stops the parent and the other child; it gives its lease back and reports', async () => {
  const { open, closed } = door();
  world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
  world.before = (part) => (part === 'first.run' ? closed : undefined);
  await bench.stopWorker();
  const parent = await bench.start({}, `toyFleet/${bench.instance}/1`);
  const { runId } = await parent.handle.describe();
  const instance = `${bench.instance}-a`;
  const taken = await bench.start({ instance }, `toyRunbook/${instance}/of-${runMark(runId)}`);
  await bench.startWorker();
  const { outcome, conclusion } = await parent.ended();
  expect([outcome, conclusion]).toEqual([
    'UNDONE',
    expect.stringContaining(`toyRunbook for ${instance} could not be started`),
  ]);
  const { holder } = await bench.client.workflow.getHandle(`lease/${bench.instance}`).query(lease);
  expect(holder).toBeNull();
  open();
  expect((await taken.ended()).outcome).toBe('SUCCEEDED');
  const other = bench.client.workflow.getHandle(`toyRunbook/${bench.instance}-b/of-${runMark(runId)}`);
  expect((await other.describe()).status.name).toBe('CANCELLED');
});
