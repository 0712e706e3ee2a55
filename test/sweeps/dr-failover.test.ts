import { runClean } from './clean-run';
import type { CleanRun } from './clean-run';
import { sweepKills } from './kill';
import { sweepLostAnswers } from './lost-answer';
import { addUp, longestResume } from './results';
import type { RunResult } from './results';
import type { SweepSettings } from './session';

const settings: SweepSettings = {
  runbook: 'drFailover',
  temporal: process.env['TEST_TEMPORAL_ADDRESS'] ?? '',
  scale: 300,
  nodes: 1,
  deadAfterSeconds: 3,
  parallel: 2,
  oneCasePerRun: false,
  only: '',
  everyNthCancel: 1,
  seeds: [],
  say: (line) => process.stderr.write(`${line}\n`),
};

let clean: CleanRun;

/** Every failure by its name and its reasons, for whoever reads the test's report. */
function failuresOf(runs: readonly RunResult[]): readonly string[] {
  return addUp(runs, 0).failures.map(({ name, duplicates, violations }) =>
    [name, ...duplicates, ...violations].join('; '),
  );
}

beforeAll(async () => {
  clean = await runClean(settings);
}, 180_000);

// The point of no return and all calls at once; `npm run sweep` does the rest.
test('a worker that dies at any part of the promotion is replaced, and the run ends as if nothing had been', async () => {
  const runs = await sweepKills({ ...settings, only: 'promoteReplica' }, clean);
  expect(failuresOf(runs)).toEqual([]);
  expect(addUp(runs, 0).cases).toBe(4);
  expect(longestResume(runs)).toBeGreaterThan(0);
}, 600_000);

test('answers that are lost three times each change nothing, whichever call they belong to', async () => {
  const runs = await sweepLostAnswers({ ...settings, only: 'lost three times' }, clean);
  expect(failuresOf(runs)).toEqual([]);
  expect(addUp(runs, 0).cases).toBe(clean.calls.length + clean.requests.length);
}, 600_000);
