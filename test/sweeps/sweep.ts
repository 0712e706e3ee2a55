import { sweepCancels } from './cancel';
import { runClean } from './clean-run';
import type { CleanRun } from './clean-run';
import type { Findings } from './findings';
import { sweepKills } from './kill';
import { sweepLostAnswers } from './lost-answer';
import { sweepRandom } from './random';
import type { Kind, RunResult } from './results';
import type { SweepSettings } from './session';

type Sweep = (settings: SweepSettings, clean: CleanRun) => Promise<readonly RunResult[]>;

const SWEEPS: Readonly<Record<Kind, Sweep>> = {
  kill: sweepKills,
  lostAnswer: sweepLostAnswers,
  cancel: sweepCancels,
  random: sweepRandom,
};

/** Sweeps the kinds that were asked for, one after the other, with what an undisturbed run does as their data. */
export async function sweep(
  settings: Omit<SweepSettings, 'over'>,
  kinds: readonly Kind[],
  findings: Findings,
): Promise<void> {
  settings.say(`an undisturbed run of ${settings.runbook}`);
  const clean = await runClean({ ...settings, over: () => undefined });
  const { activities, steps, calls, requests, seconds } = clean;
  settings.say(
    `${steps.length} steps, ${activities.length} activities, ${calls.length} different calls to AWS and ` +
      `${requests.length} to Bitbucket that change something; ${seconds.toFixed(1)} s`,
  );
  for (const kind of kinds) {
    await findings.during(kind, (over) => SWEEPS[kind]({ ...settings, over }, clean));
  }
}
