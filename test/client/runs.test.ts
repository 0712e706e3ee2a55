import { readFileSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { runCommand } from '../support/command-line';
import type { CommandLineOptions, Said } from '../support/command-line';
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

function runbooks(words: readonly string[], options: CommandLineOptions = {}): Promise<Said> {
  return runCommand(words, {
    ...options,
    environment: { RUNBOOKS_TASK_QUEUE: bench.instance, ...options.environment },
  });
}

/** Starts a run as ada and waits until it asks; answers its workflow id. */
async function started(...options: string[]): Promise<string> {
  const said = await runbooks(['start', 'toyRunbook', bench.instance, '--as', 'ada', '--json', ...options]);
  const { workflowId } = JSON.parse(said.out) as { workflowId: string };
  await until('the gate', async () => ((await runbooks(['show', workflowId])).code === 3 ? true : undefined));
  return workflowId;
}

describe('plan', () => {
  test('shows what would be done, changes nothing, and ends with code 0', async () => {
    const said = await runbooks(['plan', 'toyRunbook', bench.instance]);
    expect({ code: said.code, err: said.err }).toEqual({ code: 0, err: '' });
    expect(said.out).toContain('No problems.');
    expect(said.out).toContain('weather: fair');
    expect(said.out).toContain('gate go: Go ahead (2 of operator within 1 min)');
    expect(said.out).toContain('toy.TurnOn first');
    expect(said.out).toContain('undo: turns first off');
    expect(said.out).toContain('No way back after: oneWay');
    expect(said.out).toMatch(/Hash [0-9a-f]{16}/);
    expect([...world.on]).toEqual([]);
  });

  test('tells every problem first and fails when nothing passes one of them', async () => {
    const broken = { code: 'noQuota', message: 'The quota is used up.', remedy: 'Ask for more.' };
    world.problems = { first: [broken], second: [{ ...broken, code: 'tooOld', consent: 'dataLoss' }] };
    const said = await runbooks(['plan', 'toyRunbook', bench.instance]);
    expect(said.code).toBe(1);
    expect(said.out.indexOf('2 problems')).toBeLessThan(said.out.indexOf('Steps'));
    expect(said.out).toMatch(/noQuota: The quota is used up\.\n {4}Ask for more\. \(nothing passes it\)/);
    expect(said.out).toContain('passes with consent at the gate "dataLoss"');
  });

  test('as JSON carries the plan with its hash', async () => {
    const said = await runbooks(['plan', 'toyRunbook', bench.instance, '--json']);
    expect(JSON.parse(said.out)).toMatchObject({
      outcome: 'PLANNED',
      plan: {
        runbook: 'toyRunbook',
        hash: expect.stringMatching(/^[0-9a-f]{16}$/),
        pointsOfNoReturn: ['oneWay'],
      },
    });
  });

  test('a world that cannot be planned ends with its problem and code 1', async () => {
    world.weather = 'gone';
    const said = await runbooks(['plan', 'toyRunbook', bench.instance]);
    expect(said.code).toBe(1);
    expect(said.out).toContain('noWorld: There is no world.');
  });
});

describe('a run from start to end', () => {
  test('asks, counts two different approvers, and is followed to its outcome in plain lines', async () => {
    const workflowId = await started('--reason', 'rehearsal');
    expect(workflowId).toMatch(new RegExp(`^toyRunbook/${bench.instance}/\\d{8}T\\d{6}\\.\\d{3}Z$`));
    const watching = runbooks(['watch', workflowId]);

    const own = await runbooks(['approve', workflowId, '--as', 'ada']);
    expect([own.code, own.err]).toEqual([
      1,
      expect.stringContaining('ada started this run and cannot approve it'),
    ]);
    const first = await runbooks(['approve', workflowId], { environment: { RUNBOOKS_ACTOR: 'ben' } });
    expect([first.code, first.out]).toEqual([3, expect.stringContaining('1 more needed (operator)')]);
    const again = await runbooks(['approve', workflowId, '--as', 'ben']);
    expect([again.code, again.out]).toEqual([3, expect.stringContaining('1 more needed')]);
    const second = await runbooks(['approve', workflowId, 'go', '--as', 'cy']);
    expect([second.code, second.err]).toEqual([0, '']);
    expect(second.out).toMatch(/cy: approve of "Go ahead" \(go\), plan [0-9a-f]{16}/);

    const { out, code } = await watching;
    expect(code).toBe(0);
    expect(out).toMatch(/asks go: Go ahead \(needs 2 of operator\)/);
    expect(out).toContain(`runbooks approve ${workflowId} go --plan `);
    expect(out).toMatch(/ben says approve to go/);
    expect(out).toMatch(/outcome SUCCEEDED/);
    expect(out).not.toContain('\u001b');
    expect([...world.on]).toEqual(['first', 'second', 'oneWay', 'last']);
  });

  test('an approval for another plan than the present one is refused', async () => {
    const workflowId = await started();
    const said = await runbooks(['approve', workflowId, '--as', 'ben', '--plan', '0123456789abcdef']);
    expect([said.code, said.err]).toEqual([
      1,
      expect.stringMatching(/names plan 0123456789abcdef, the present plan is/),
    ]);
  });

  test('a denied run ends DENIED, and whoever watches it gets code 1', async () => {
    const workflowId = await started();
    const watching = runbooks(['watch', workflowId]);
    const without = await runbooks(['deny', workflowId, '--as', 'ben']);
    expect([without.code, without.err]).toEqual([
      2,
      expect.stringContaining("required option '--note <text>'"),
    ]);
    expect((await runbooks(['deny', workflowId, '--as', 'ben', '--note', 'not now'])).code).toBe(0);
    const { code, out } = await watching;
    expect([code, out]).toEqual([1, expect.stringContaining('outcome DENIED')]);
    expect((await runbooks(['show', workflowId])).code).toBe(1);
  });

  test('a failed step is shown with its error and answered with retry', async () => {
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
    world.before = (part, occurrence) => {
      if (part === 'second.run' && occurrence === 1)
        throw ApplicationFailure.nonRetryable('no more volumes', 'NeedsPerson');
    };
    const workflowId = await started();
    const shown = await runbooks(['show', workflowId]);
    expect(shown.out).toContain('no more volumes');
    expect(shown.out).toContain(`runbooks retry ${workflowId} `);
    const wrong = await runbooks(['approve', workflowId, '--as', 'ben']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('takes approve')]);
    expect((await runbooks(['retry', workflowId, '--as', 'ben'])).code).toBe(0);
    const { code } = await runbooks(['watch', workflowId]);
    expect([code, world.count('second.run')]).toEqual([0, 2]);
  });

  test('hold keeps a run before its next step until resume', async () => {
    const workflowId = await started();
    expect((await runbooks(['hold', workflowId, '--as', 'eve', '--reason', 'lunch'])).out).toContain(
      'is held by eve',
    );
    for (const actor of ['ben', 'cy']) await runbooks(['approve', workflowId, '--as', actor]);
    expect((await runbooks(['show', workflowId])).out).toContain('Held by eve');
    expect([...world.on]).toEqual([]);
    await runbooks(['resume', workflowId, '--as', 'eve']);
    expect((await runbooks(['watch', workflowId])).code).toBe(0);
  });

  test('watch redraws on a terminal, and with --until-asked ends with code 3', async () => {
    const workflowId = await started();
    const { out, code } = await runbooks(['watch', workflowId, '--until-asked'], { interactive: true });
    expect(code).toBe(3);
    expect(out).toContain('\u001b[0J');
    expect(out).toMatch(/needs 2 \(operator, not ada\); .* left, until /);
    expect(out).toMatch(/^1 +Toy first +· planned/m);
  });

  test('watch goes on while no worker answers', async () => {
    const workflowId = await started();
    let seen = '';
    const watching = runbooks(['watch', workflowId], { onOutput: (text) => (seen = text) });
    await until('the first look', () => (seen.includes('asks go') ? true : undefined));
    await bench.stopWorker();
    await until('the silence', () => (seen.includes('no answer from') ? true : undefined));
    await bench.startWorker();
    for (const actor of ['ben', 'cy']) await runbooks(['approve', workflowId, '--as', actor]);
    const { code, out } = await watching;
    expect([code, out]).toEqual([0, expect.stringContaining('answers again')]);
  });
});

describe('naming a run', () => {
  test('an instance means its newest open run; a beginning of the id must be unique', async () => {
    const finished = await bench.start({ dryRun: true }, `toyRunbook/${bench.instance}/0-finished`);
    await finished.ended();
    const workflowId = await started();
    const shown = await until('visibility', async () => {
      const said = await runbooks(['show', bench.instance, '--json']);
      return said.code === 3 ? (JSON.parse(said.out) as { workflowId: string }) : undefined;
    });
    expect(shown.workflowId).toBe(workflowId);
    const both = await runbooks(['show', `toyRunbook/${bench.instance}/`]);
    expect([both.code, both.err]).toEqual([2, expect.stringContaining('may be 2 runs')]);
    const one = await runbooks(['show', `toyRunbook/${bench.instance}/0-`, '--json']);
    expect((JSON.parse(one.out) as { workflowId: string }).workflowId).toContain('0-finished');

    const listed = await runbooks(['list', '--instance', bench.instance]);
    expect(listed.out).toMatch(/PLANNED/);
    expect(listed.out).toContain(workflowId);
    const waiting = await runbooks(['list', '--instance', bench.instance, '--waiting', '--json']);
    expect(JSON.parse(waiting.out)).toEqual([
      expect.objectContaining({
        workflowId,
        phase: 'asking',
        awaiting: 'go',
        requestedBy: 'ada',
        status: 'RUNNING',
      }),
    ]);
  });

  test('what is no run is told with where to look', async () => {
    const said = await runbooks(['show', 'nothing-of-this-name']);
    expect([said.code, said.err]).toEqual([
      1,
      'error: no run "nothing-of-this-name"\n`runbooks list` shows the runs that there are.\n',
    ]);
  });
});

describe('report', () => {
  test('is read from history when the run has ended, without any worker', async () => {
    const workflowId = await started();
    await runbooks(['deny', workflowId, '--as', 'ben', '--note', '<b>never</b>']);
    await until('the end', async () =>
      (await runbooks(['show', workflowId])).code === 1 ? true : undefined,
    );
    await bench.stopWorker();
    const said = await runbooks(['report', workflowId]);
    expect(said.code).toBe(0);
    expect(said.out).toContain('DENIED');
    expect(said.out).toMatch(/ben: deny of "Go ahead"/);

    const directory = mkdtempSync(join(tmpdir(), 'report-'));
    const file = join(directory, 'report.html');
    try {
      expect((await runbooks(['report', workflowId, '--html', file])).code).toBe(0);
      const html = readFileSync(file, 'utf8');
      expect(html).toContain('DENIED');
      expect(html).not.toContain('<b>never</b>');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('acknowledge', () => {
  test('lifts the block that follows a recovery', async () => {
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' }, antiFlap: { windowSeconds: 3600 } };
    const run = await bench.start();
    await run.ended();
    const said = await runbooks([
      'acknowledge',
      bench.instance,
      '--as',
      'ben',
      '--note',
      'all is well',
      '--json',
    ]);
    expect([said.code, JSON.parse(said.out)]).toEqual([0, expect.objectContaining({ blockedUntil: null })]);
  });

  test('of an instance that no runbook ever held says so', async () => {
    const said = await runbooks(['acknowledge', 'unheard-of', '--note', 'x']);
    expect([said.code, said.err]).toEqual([
      1,
      expect.stringContaining('no runbook has ever held instance "unheard-of"'),
    ]);
  });
});

describe('without a worker', () => {
  test('plan refuses and start warns, both naming the task queue', async () => {
    const environment = { RUNBOOKS_TASK_QUEUE: `${bench.instance}-unserved` };
    const plan = await runbooks(['plan', 'toyRunbook', bench.instance], { environment });
    expect([plan.code, plan.err]).toEqual([1, expect.stringContaining('no worker serves the task queue')]);
    const start = await runbooks(['start', 'toyRunbook', bench.instance], { environment });
    expect([start.code, start.err]).toEqual([0, expect.stringContaining('no worker serves the task queue')]);
    const id = /^started (\S+)$/m.exec(start.out)![1]!;
    await bench.client.workflow.getHandle(id).terminate();
    const watched = await runbooks(['watch', id], { environment });
    expect([watched.code, watched.out]).toEqual([1, expect.stringContaining('TERMINATED from outside at')]);
  });
});

describe('lease', () => {
  test('show tells who holds the instance; break takes it, with the reason in the list and in the run', async () => {
    const run = await started();
    const shown = await runbooks(['lease', 'show', bench.instance]);
    expect(shown.out).toContain(`is held by ${run}`);
    const broken = await runbooks(['lease', 'break', bench.instance, '--as', 'eve', '--note', 'it hangs']);
    expect([broken.code, broken.out]).toEqual([0, expect.stringContaining(`was taken from ${run}`)]);
    const after = await runbooks(['lease', 'show', bench.instance]);
    expect(after.out).toContain('is free');
    expect(after.out).toMatch(/broken +eve +taken from .*it hangs/);
    const again = await runbooks(['lease', 'break', bench.instance, '--note', 'x']);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('nobody holds')]);
  });

  test('break needs a reason, and an instance that was ever held', async () => {
    expect((await runbooks(['lease', 'break', 'unheard-of'])).code).toBe(2);
    const said = await runbooks(['lease', 'show', 'unheard-of']);
    expect([said.code, said.err]).toEqual([1, expect.stringContaining('has ever held')]);
  });

  test('a start in a change freeze says why it did not start; --break-glass starts it', async () => {
    world.freeze = { until: '2099-01-02T00:00:00Z', reason: 'end of year' };
    const refused = await runbooks(['start', 'toyRunbook', bench.instance, '--watch']);
    expect(refused.code).toBe(1);
    const shown = await runbooks(['show', bench.instance]);
    expect(shown.out).toContain('A change freeze is on');
    expect(shown.out).toContain('--break-glass');
    await started('--break-glass', 'the region is gone');
  });
});
