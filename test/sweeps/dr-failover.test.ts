import { runClean } from './clean-run';
import type { CleanRun } from './clean-run';
import { sweepCancels } from './cancel';
import { sweepKills } from './kill';
import { sweepLostAnswers } from './lost-answer';
import { sweepRandom } from './random';
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
  everyNthCancel: 9,
  seeds: [1],
  say: () => undefined,
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

test('a worker that dies at any part of any step is replaced, and the run ends as if nothing had been', async () => {
  const runs = await sweepKills(settings, clean);
  expect(failuresOf(runs)).toEqual([]);
  // Check, run and verify of every step, and the boundary after it; read-only steps have no run.
  expect(addUp(runs, 0).cases).toBeGreaterThan(clean.steps.length * 3);
  expect(longestResume(runs)).toBeLessThan(30);
}, 600_000);

test('an answer that is lost, late, refused or broken changes nothing, whichever call it belongs to', async () => {
  const runs = await sweepLostAnswers(settings, clean);
  expect(failuresOf(runs)).toEqual([]);
  expect(addUp(runs, 0).cases).toBe((clean.calls.length + clean.requests.length) * 6);
}, 600_000);

test('a cancel and an abort leave the world as it was, or where the run says', async () => {
  const runs = await sweepCancels(settings, clean);
  expect(failuresOf(runs)).toEqual([]);
  expect(addUp(runs, 0).cases).toBeGreaterThan(2);
}, 400_000);

test('several mishaps at once lose no push beyond what the report says', async () => {
  expect(failuresOf(await sweepRandom(settings, clean))).toEqual([]);
}, 400_000);
