import type { WorkflowHandle } from '@temporalio/client';
import { acquire, lease, letGo, release } from '../../../workflows/runbook/lease';
import type { Acquire } from '../../../workflows/runbook/lease';
import { ToyBench } from '../../support/toy-run';
import { ToyWorld } from '../../support/toy-world';
import { until } from '../../support/until';

let bench: ToyBench;

beforeEach(async () => {
  bench = await ToyBench.open(new ToyWorld());
});
afterEach(() => bench.close());

/** Characters of one message: some ten of them, and the server suggests to continue as new (4 MiB of history). */
const CHUNK = 500_000;

/** A run that nobody serves: what it is told stays in its history. */
async function silentRun(
  name = 'holder',
): Promise<WorkflowHandle & { readonly firstExecutionRunId: string }> {
  return bench.client.workflow.start('toyRunbook', {
    workflowId: `toyRunbook/${bench.instance}/${name}`,
    taskQueue: `${bench.instance}-unserved`,
    args: [{}],
  });
}

async function timesTold(holder: WorkflowHandle): Promise<number> {
  const { events = [] } = await holder.fetchHistory();
  return (events ?? []).filter(
    (event) => event.workflowExecutionSignaledEventAttributes?.signalName === letGo.name,
  ).length;
}

test('the lease goes on as a new run with all that it knows, and tells the holder again', async () => {
  const holder = await silentRun();
  const started = await bench.client.workflow.start('instanceLease', {
    workflowId: `lease/${bench.instance}`,
    taskQueue: bench.instance,
    args: [{ instance: bench.instance }],
  });
  // By its id alone: whichever run it is by then.
  const theLease = bench.client.workflow.getHandle(started.workflowId);
  const since = new Date().toISOString();
  const asking = (more: Partial<Acquire>): Promise<unknown> =>
    theLease.executeUpdate(acquire, {
      args: [
        {
          ...{ workflowId: holder.workflowId, runId: holder.firstExecutionRunId, runbook: 'toyRunbook' },
          ...{ trigger: 'manual', emergency: false, since, queue: true, preempt: false },
          ...more,
        },
      ],
    });
  expect(await asking({})).toMatchObject({ granted: true, token: 1 });
  const emergency = { workflowId: 'toyEmergency/1', runId: 'e-1', runbook: 'toyEmergency' };
  expect(await asking({ ...emergency, emergency: true, preempt: true })).toMatchObject({ granted: false });
  await until('the first word', async () => (await timesTold(holder)) === 1 || undefined);
  const before = await theLease.query(lease);

  const stranger = 'x'.repeat(CHUNK);
  const chatter = (): Promise<unknown> =>
    theLease.executeUpdate(release, { args: [{ runId: stranger, token: null, blockSeconds: 0 }] });
  await until('another run', async () => {
    const { runId } = await theLease.describe();
    if (runId !== started.firstExecutionRunId) return true;
    await chatter();
    return undefined;
  });
  // The signal may have been lost with the former run.
  await until('the second word', async () => (await timesTold(holder)) === 2 || undefined);

  expect(await theLease.query(lease)).toEqual(before);
  expect(before).toMatchObject({ holder: { token: 1 }, token: 1, preemptedBy: { runId: 'e-1' } });
  // The holder lets go: the emergency gets it, with a token above all that were granted before.
  await theLease.executeUpdate(release, {
    args: [{ runId: holder.firstExecutionRunId, token: 1, blockSeconds: 0 }],
  });
  expect(await asking({ ...emergency, emergency: true, preempt: true })).toMatchObject({
    ...{ granted: true, token: 2 },
  });
  expect(await timesTold(holder)).toBe(2);
  await holder.terminate();
});

test('a holder that comes after the one that was told is told as well, once people name it', async () => {
  const [first, second] = [await silentRun('first'), await silentRun('second')];
  await bench.client.workflow.start('instanceLease', {
    workflowId: `lease/${bench.instance}`,
    taskQueue: bench.instance,
    args: [{ instance: bench.instance }],
  });
  const theLease = bench.client.workflow.getHandle(`lease/${bench.instance}`);
  const since = new Date().toISOString();
  const asking = (request: Partial<Acquire> & Pick<Acquire, 'workflowId' | 'runId'>): Promise<unknown> =>
    theLease.executeUpdate(acquire, {
      args: [
        {
          ...{
            runbook: 'toyRunbook',
            trigger: 'manual',
            emergency: false,
            since,
            queue: false,
            preempt: false,
          },
          ...request,
        },
      ],
    });
  const taken = (run: typeof first): Promise<unknown> =>
    asking({ workflowId: run.workflowId, runId: run.firstExecutionRunId });
  const emergency = { workflowId: 'toyEmergency/1', runId: 'e-1', emergency: true, preempt: true };

  await taken(first);
  await asking({ ...emergency, consented: 1 });
  await until('the first word', async () => (await timesTold(first)) === 1 || undefined);
  await theLease.executeUpdate(release, {
    args: [{ runId: first.firstExecutionRunId, token: 1, blockSeconds: 0 }],
  });
  // The emergency has been silent for too long, and another run that waits is granted the lease.
  expect(await taken(second)).toMatchObject({ granted: true, token: 2 });
  expect(await asking({ ...emergency, consented: 1 })).toMatchObject({
    granted: false,
    holder: { token: 2 },
  });
  expect((await theLease.query(lease)).preemptedBy).toBeNull();
  await asking({ ...emergency, consented: 2 });
  await until('the second word', async () => (await timesTold(second)) === 1 || undefined);
  expect([await timesTold(first), await timesTold(second)]).toEqual([1, 1]);
  await first.terminate();
  await second.terminate();
});
