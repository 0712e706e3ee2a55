import { sweepCancels } from './cancel';
import { runClean } from './clean-run';
import type { CleanRun } from './clean-run';
import { sweepKills } from './kill';
import { sweepLostAnswers } from './lost-answer';
import { sweepRandom } from './random';
import { addUp, longestExposed, longestResume } from './results';
import type { Kind, KindResult, RunResult, SweepResult } from './results';
import type { SweepSettings } from './session';

type Sweep = (settings: SweepSettings, clean: CleanRun) => Promise<readonly RunResult[]>;

const SWEEPS: Readonly<Record<Kind, Sweep>> = {
  kill: sweepKills,
  lostAnswer: sweepLostAnswers,
  cancel: sweepCancels,
  random: sweepRandom,
};

/** Sweeps the kinds that were asked for, one after the other, with what an undisturbed run does as their data. */
export async function sweep(settings: SweepSettings, kinds: readonly Kind[]): Promise<SweepResult> {
  settings.say(`an undisturbed run of ${settings.runbook}`);
  const clean = await runClean(settings);
  const { activities, steps, calls, requests, seconds } = clean;
  settings.say(
    `${steps.length} steps, ${activities.length} activities, ${calls.length} different calls to AWS and ` +
      `${requests.length} to Bitbucket that change something; ${seconds.toFixed(1)} s`,
  );
  const found: Partial<Record<Kind, KindResult>> = {};
  const all: RunResult[] = [];
  for (const kind of kinds) {
    const began = Date.now();
    const runs = await SWEEPS[kind](settings, clean);
    all.push(...runs);
    found[kind] = addUp(runs, (Date.now() - began) / 1000);
  }
  return {
    runbook: settings.runbook,
    kinds: found,
    longestResumeSeconds: longestResume(all),
    longestExposedSeconds: longestExposed(all),
  };
}
