import { ApplicationFailure } from '@temporalio/common';
import { runCommand } from '../support/command-line';
import type { Said } from '../support/command-line';
import { toyForEach } from '../support/toy-for-each';
import type { ToyBench } from '../support/toy-run';
import { TOY_POLICY } from '../support/toy-world';
import type { ToyWorld } from '../support/toy-world';
import { until } from '../support/until';

let bench: ToyBench;
let world: ToyWorld;

toyForEach((opened) => {
  bench = opened;
  world = opened.world;
});

function runbooks(words: readonly string[]): Promise<Said> {
  return runCommand(words, { environment: { RUNBOOKS_TASK_QUEUE: bench.instance } });
}

/** Starts a run as ada and waits until it asks; answers its workflow id. */
async function started(): Promise<string> {
  const said = await runbooks(['start', 'toyRunbook', bench.instance, '--as', 'ada', '--json']);
  const { workflowId } = JSON.parse(said.out) as { workflowId: string };
  await until('the gate', async () => ((await runbooks(['show', workflowId])).code === 3 ? true : undefined));
  return workflowId;
}

describe('cancel', () => {
  /** Who asked for the cancel of a run, and why, as its history has it. */
  async function cancelRequest(workflowId: string) {
    const { events } = await bench.client.workflow.getHandle(workflowId).fetchHistory();
    return events!.find((event) => event.workflowExecutionCancelRequestedEventAttributes)!
      .workflowExecutionCancelRequestedEventAttributes!;
  }

  test('before anything was changed says so, keeps who and why, and ends the run', async () => {
    const workflowId = await started();
    const said = await runbooks(['cancel', workflowId, '--as', 'eve', '--reason', 'wrong day']);
    expect([said.code, said.err]).toEqual([0, '']);
    expect(said.out).toContain(`cancel of ${workflowId} requested\nIt has changed nothing so far`);
    expect(await cancelRequest(workflowId)).toMatchObject({ identity: 'eve', cause: 'wrong day' });
    const watched = await runbooks(['watch', workflowId]);
    expect([watched.code, watched.out]).toEqual([1, expect.stringContaining('outcome UNDONE')]);
    const held = await runbooks(['hold', workflowId]);
    expect([held.code, held.err]).toEqual([
      1,
      `error: ${workflowId} has ended already\nSee how: runbooks show ${workflowId}\n`,
    ]);
    const again = await runbooks(['cancel', workflowId]);
    expect([again.code, again.out]).toEqual([1, '']);
    expect(again.err).toMatch(/has ended already: UNDONE at .*\nSee what it did: runbooks report /);
  });

  test('between steps says that they are undone, and after a point of no return that they stand', async () => {
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
    for (const [part, expected, outcome] of [
      ['second.run', 'It undoes what it did', 'UNDONE'],
      ['last.run', 'It is past the point of no return (oneWay): it undoes nothing', 'HANDED_OVER'],
    ] as const) {
      world.before = (at) => {
        if (at === part) throw ApplicationFailure.nonRetryable('no more volumes', 'NeedsPerson');
      };
      const workflowId = await started();
      const said = await runbooks(['cancel', workflowId]);
      expect([said.code, said.out]).toEqual([0, expect.stringContaining(expected)]);
      const watched = await runbooks(['watch', workflowId]);
      expect([watched.code, watched.out]).toEqual([1, expect.stringContaining(`outcome ${outcome}`)]);
    }
  });

  test('needs no worker, and as JSON answers what was requested', async () => {
    const workflowId = await started();
    await bench.stopWorker();
    const said = await runbooks(['cancel', workflowId, '--json']);
    expect([said.code, JSON.parse(said.out)]).toEqual([0, { workflowId, cancelRequested: true }]);
    await bench.startWorker();
    expect((await runbooks(['watch', workflowId])).out).toContain('outcome UNDONE');
  });
});

describe('a run that was terminated from outside', () => {
  test('is shown, watched and reported as such with code 1, by whom and why, and asks nothing any more', async () => {
    const workflowId = await started();
    const watching = runbooks(['watch', workflowId]);
    await bench.client.workflow.getHandle(workflowId).terminate('tidying up');
    const shown = await runbooks(['show', workflowId]);
    expect(shown.code).toBe(1);
    expect(shown.out).toMatch(
      /^TERMINATED from outside at [-\d]+ [:\d]+Z by \S+ \(tidying up\): no undo ran, nobody was told\.$/m,
    );
    expect(shown.out).toContain(
      `It had changed nothing. The next run finds its lease free: runbooks plan toyRunbook ${bench.instance}`,
    );
    expect(shown.out).toMatch(/Was asked and is not any more\n {2}- Go ahead \(go\)/);
    expect(shown.out).not.toMatch(/ running |runbooks approve| left, until/);
    const json = JSON.parse((await runbooks(['show', workflowId, '--json'])).out) as object;
    expect(json).toMatchObject({
      phase: 'asking',
      outcome: null,
      closedFromOutside: { status: 'TERMINATED', reason: 'tidying up' },
    });
    const watched = await watching;
    expect([watched.code, watched.out]).toEqual([1, expect.stringContaining('TERMINATED from outside at')]);
    const report = await runbooks(['report', workflowId]);
    expect(report.out).toContain('TERMINATED from outside at');
    expect(report.out).not.toContain('goes on');

    await bench.stopWorker();
    const alone = await runbooks(['show', workflowId]);
    expect([alone.code, alone.out]).toEqual([1, '']);
    expect(alone.err).toMatch(/TERMINATED from outside at .* Its steps cannot be shown: no answer in time/);
  });

  test('is told from one that still runs, and from one that ended by itself', async () => {
    const workflowId = await started();
    const closed = async (): Promise<unknown> =>
      (JSON.parse((await runbooks(['show', workflowId, '--json'])).out) as { closedFromOutside: unknown })
        .closedFromOutside;
    expect(await closed()).toBeNull();
    await runbooks(['deny', workflowId, '--as', 'ben', '--note', 'not now']);
    expect((await runbooks(['watch', workflowId])).code).toBe(1);
    expect(await closed()).toBeNull();
  });

  test('while it undoes says that the undo was cut short', async () => {
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
    let undoing = false;
    let letGo = (): void => {};
    const gone = new Promise<void>((resolve) => (letGo = resolve));
    world.before = async (part) => {
      if (part === 'second.run') throw ApplicationFailure.nonRetryable('no more volumes', 'NeedsPerson');
      if (part !== 'first.undo') return;
      undoing = true;
      await gone;
    };
    const workflowId = await started();
    await runbooks(['abort', workflowId, '--as', 'ben']);
    await until('the undo', () => undoing || undefined);
    await bench.client.workflow.getHandle(workflowId).terminate();
    const shown = await runbooks(['show', workflowId]);
    letGo();
    expect([shown.code, shown.out]).toEqual([
      1,
      expect.stringContaining('its undo was cut short, nobody was told.'),
    ]);
    expect(shown.out).toContain('What it had done stands');
  });

  test('timed out is told likewise', async () => {
    const handle = await bench.client.workflow.start('toyRunbook', {
      ...{ workflowId: `toyRunbook/${bench.instance}/late`, taskQueue: bench.instance, args: [{}] },
      workflowExecutionTimeout: '2s',
    });
    await expect(handle.result()).rejects.toThrow();
    const shown = await runbooks(['show', handle.workflowId]);
    expect(shown.code).toBe(1);
    expect(shown.out).toMatch(/^TIMED_OUT without an outcome at .*: no undo ran, nobody was told\.$/m);
  });
});
