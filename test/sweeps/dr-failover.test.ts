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
  over: () => undefined,
};

// Far above what both sweeps take on a busy machine: each run in them has limits of its own.
jest.setTimeout(3_000_000);

let clean: CleanRun;
let kills: Promise<readonly RunResult[]>;
let lostAnswers: Promise<readonly RunResult[]>;

/** Every failure by its name and its reasons, for whoever reads the test's report. */
function failuresOf(runs: readonly RunResult[]): readonly string[] {
  return addUp(runs, 0).failures.map(({ name, duplicates, violations }) =>
    [name, ...duplicates, ...violations].join('; '),
  );
}

/** Side by side: a run whose worker is dead waits, and leaves the machine to the others. */
beforeAll(async () => {
  clean = await runClean(settings);
  kills = sweepKills(settings, clean);
  lostAnswers = sweepLostAnswers({ ...settings, parallel: 1 }, clean);
});

test('a worker that dies at any moment is replaced, and the run ends as if nothing had been', async () => {
  const runs = await kills;
  expect(failuresOf(runs)).toEqual([]);
  // Every part of every step, and every boundary between two steps.
  const activities = new Set(clean.activities.map(({ activity }) => activity));
  expect(addUp(runs, 0).cases).toBe(activities.size + clean.steps.length);
  expect(longestResume(runs)).toBeGreaterThan(0);
});

test('an answer that is lost, late, refused or garbled changes nothing, whichever call it belongs to', async () => {
  const runs = await lostAnswers;
  expect(failuresOf(runs)).toEqual([]);
  expect(addUp(runs, 0).cases).toBe(6 * (clean.calls.length + clean.requests.length));
});
