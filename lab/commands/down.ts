import { setTimeout as sleep } from 'node:timers/promises';

import { ControlClient } from '../world/control-client';
import type { LabRecord } from '../world/registry';
import { cleanUpAfter, isHeld } from '../world/sweep';

const DOWN_WITHIN_MS = 30_000;

/**
 * Ends a lab, whatever state it is in: in order when its process answers, by force when it does not, and what a dead
 * one has left behind.
 */
export async function takeDown(lab: LabRecord): Promise<'orderly' | 'forced' | 'cleaned'> {
  if (!isHeld(lab)) {
    await cleanUpAfter(lab);
    return 'cleaned';
  }
  if (lab.control === undefined) throw new Error(`lab ${lab.name} belongs to a test that is still running`);
  await ControlClient.of(lab)
    .down()
    .catch(() => undefined);
  const deadline = Date.now() + DOWN_WITHIN_MS;
  while (isHeld(lab) && Date.now() < deadline) await sleep(50);
  const forced = isHeld(lab);
  if (forced) {
    process.kill(lab.pid, 'SIGKILL');
    while (isHeld(lab)) await sleep(20);
  }
  await cleanUpAfter(lab);
  return forced ? 'forced' : 'orderly';
}
