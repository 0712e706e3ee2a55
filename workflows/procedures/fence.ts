import type { Instance, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import { unprovenFence } from '../plan/unproven-fence';
import type { Run } from '../runbook/run';
import { disableAutomation, fenceDatabase, fenceHome, fenceNodes, proveFence } from '../steps/fence';

/** A lost site must not write again, whatever comes back. True when that was seen. */
export async function fence<Input>(run: Run<Input, Instance, Settings>, primary: Site): Promise<boolean> {
  const { region, name: site, fileServer, alarms } = primary;
  const { autoScalingGroup } = primary.nodes;
  await run.together(
    () => run.step(disableAutomation, { site, region, autoScalingGroup, alarms }),
    () => run.step(fenceNodes, { site, region, autoScalingGroup }),
    () => run.step(fenceHome, { site, region, fileServer }),
    () => run.step(fenceDatabase, { site, region, databaseId: primary.database.id }),
  );
  run.report('fence', { site, region, state: 'set, not proven yet' });
  const { proven, reason } = await run.step(proveFence, { site: primary });
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
