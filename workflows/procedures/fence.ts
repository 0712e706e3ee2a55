import { patched } from '@temporalio/workflow';

import type { Instance, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import { unprovenFence } from '../plan/unproven-fence';
import type { Run } from '../runbook/run';
import { disableAutomation, fenceDatabase, fenceHome, fenceNodes, proveFence } from '../steps/fence';
import type { FenceResult } from '../steps/fence';

/** A site that answers now and then is fenced in one of so many attempts, or people decide. */
const ATTEMPTS = 3;

/**
 * A lost site must not write again, whatever comes back. True when that was seen: the site is unable to write now, and every
 * part that keeps it so was set. A site that answers again after a part of the fence was given up, and before the proof, is
 * fenced at once: until then it writes.
 */
export async function fence<Input>(run: Run<Input, Instance, Settings>, primary: Site): Promise<boolean> {
  const { region, name: site } = primary;
  let result = await setAndProve(run, primary);
  for (let attempt = 2; attempt <= ATTEMPTS && result.seenOpen === true; attempt += 1) {
    result = await setAndProve(run, primary);
  }
  const { proven, reason } = result;
  run.report('fence', {
    site,
    region,
    state: proven ? 'proven' : `set, not proven: ${reason ?? 'parts of it were seen open'}`,
  });
  // A plan is made before the fence is set: what can be seen, and is open, will be closed.
  const forecast = run.pass === 'plan' && reason === null;
  if (!proven && !forecast) {
    await run.problem(unprovenFence(primary, reason ?? 'parts of it were seen open'));
  }
  return proven;
}

async function setAndProve<Input>(run: Run<Input, Instance, Settings>, primary: Site): Promise<FenceResult> {
  const { region, name: site, fileServer, alarms } = primary;
  const { autoScalingGroup } = primary.nodes;
  const parts = await run.together(
    () => run.step(disableAutomation, { site, region, autoScalingGroup, alarms }),
    () => run.step(fenceNodes, { site, region, autoScalingGroup }),
    () => run.step(fenceHome, { site, region, fileServer }),
    () => run.step(fenceDatabase, { site, region, databaseId: primary.database.id }),
  );
  run.report('fence', { site, region, state: 'set, not proven yet' });
  const proof = await run.step(proveFence, { site: primary, set: parts.every(({ proven }) => proven) });
  const missing = parts.filter(({ proven }) => !proven);
  // Nothing may run at the moment, and an export or an alarm that was never reached brings it back later.
  if (!proof.proven || missing.length === 0 || !patched('fence-proven-in-every-part')) return proof;
  return { proven: false, reason: missing.map(({ reason }) => reason ?? 'a part was not set').join('; ') };
}
