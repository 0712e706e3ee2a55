import { defaultPayloadConverter } from '@temporalio/common';
import { runCommand } from '../support/command-line';
import { ToyBench } from '../support/toy-run';
import { ToyWorld } from '../support/toy-world';

let bench: ToyBench;

beforeAll(async () => {
  bench = await ToyBench.open(new ToyWorld());
});
afterAll(() => bench.close());

const BACKUP = 'bitbucket-prod-20261121T160000Z';

/** Nobody serves these runs: they are started, and no more. */
function backups(...words: string[]) {
  const environment = { RUNBOOKS_TASK_QUEUE: `${bench.instance}-unserved` };
  return runCommand(['backups', ...words, '--as', 'ada'], { environment });
}

/** What the run was started with; ends it. */
async function startedAs(workflowId: string) {
  const handle = bench.client.workflow.getHandle(workflowId);
  const { events } = await handle.fetchHistory();
  await handle.terminate();
  const { workflowType, input } = events![0]!.workflowExecutionStartedEventAttributes!;
  const message = defaultPayloadConverter.fromPayload<object>(input!.payloads![0]!);
  return { runbook: workflowType!.name, message };
}

const ofRun = (out: string): string => /^started (\S+)$/m.exec(out)![1]!;

const STARTS: readonly (readonly [string, string, readonly string[], object])[] = [
  ['verify', 'verifyBackup', [], {}],
  ['verify', 'verifyBackup', ['--pick', 'random', '--json'], { pick: 'random' }],
  ['fetch', 'fetchBackup', [BACKUP], { backup: BACKUP }],
  ['fetch', 'fetchBackup', [BACKUP, '--from', 'archive', '--json'], { backup: BACKUP, from: 'archive' }],
];

test('what is typed is what is started, plainly and with the output as JSON', async () => {
  // All at once: each waits some seconds for a worker.
  await Promise.all(
    STARTS.map(async ([command, runbook, words, input]) => {
      const { out, err, code } = await backups(command, bench.instance, ...words);
      expect(code).toBe(0);
      let run: string;
      if (words.includes('--json')) {
        const { workflowId, warning } = JSON.parse(out) as { workflowId: string; warning: string };
        expect([err, warning]).toEqual(['', expect.stringContaining('no worker serves the task queue')]);
        run = workflowId;
      } else {
        run = ofRun(out);
        expect(err).toContain('no worker serves the task queue');
        expect(out).toContain(`watch it with: runbooks watch ${run}`);
      }
      expect(run).toMatch(new RegExp(`^${runbook}/${bench.instance}/\\d{8}T`));
      const common = { instance: bench.instance, requestedBy: 'ada', trigger: 'manual', dryRun: false };
      expect(await startedAs(run)).toEqual({ runbook, message: { ...common, ...input } });
    }),
  );
});

test.each([
  [['verify', 'i', BACKUP, '--pick', 'newest'], /--pick and the name of a backup exclude each other/],
  [['verify', 'i', '--pick', 'best'], /--pick best is unknown/],
  [['fetch', 'i'], /missing required argument 'backup'/],
])('backups %j is wrong use, and nothing is started', async (words, expected) => {
  const { out, err, code } = await backups(...words);
  expect([code, out, err]).toEqual([2, '', expect.stringMatching(expected)]);
});
