import type { BackupMode } from './plan/backup/manifest';
import type { Fleet, FleetPolicy } from './plan/fleet/estate';
import { failuresAllowed } from './plan/fleet/error-threshold';
import { planFleet, someNames } from './plan/fleet/order';
import type { FleetOutlook } from './plan/fleet/order';
import type { Settings } from './plan/settings';
import type { Run } from './runbook/run';
import { runbook } from './runbook/runbook';
import { observeHolders } from './steps/observe-holders';

/** Besides what every runbook accepts, and besides the selection, which `admit` has resolved. */
interface BackupFleetInput extends Partial<FleetPolicy> {
  /** Instead of each instance's policy. */
  readonly mode?: BackupMode | undefined;
}

type FleetRun = Run<BackupFleetInput, Fleet, Settings>;

/**
 * Backs up the instances of the estate, or a selection: one `backup` for each, so many at once, none further after too
 * many failures. Holds the lease of the estate, so that two of its kind never run at once; each instance's lease is taken
 * by its own backup.
 */
export const backupFleet = runbook<BackupFleetInput, Fleet, Settings>(
  'backupFleet',
  { recovery: false },
  async (run) => {
    const { instances } = run.subject;
    const holders = await run.observe(observeHolders, { instances: instances.map(({ name }) => name) });
    const outlook = planFleet(instances, holders);
    const { order: names, left } = outlook;
    const { concurrency, errorThreshold, whenBusy } = { ...run.policy.fleet, ...given(run.input) };
    const allowed = failuresAllowed(errorThreshold, names.length);
    tell(run, outlook, { concurrency, allowed, whenBusy });
    if (names.length === 0) {
      run.refuse({
        code: 'nothingToBackUp',
        message: 'None of the selected instances can be backed up.',
        remedy: 'See why under "left out".',
      });
    }

    await run.gate('backupFleet', `Back up ${names.length} instances`);
    const asked = left.filter(({ named }) => named);
    if (run.pass === 'execute' && asked.length > 0)
      run.degraded(`asked for and left out: ${asked.map(({ name, why }) => `${name} (${why})`).join('; ')}`);
    const { mode } = run.input;
    await run.fleet({
      runbook: 'backup',
      instances: names,
      message: {
        ...(mode === undefined ? {} : { mode }),
        whenBusy: whenBusy === 'wait' ? 'wait' : 'refuse',
      },
      concurrency,
      failuresAllowed: allowed,
    });
  },
);

/** What the starter said of the limits. */
function given({ concurrency, errorThreshold, whenBusy }: BackupFleetInput): Partial<FleetPolicy> {
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(errorThreshold === undefined ? {} : { errorThreshold }),
    ...(whenBusy === undefined ? {} : { whenBusy }),
  };
}

function tell(
  run: FleetRun,
  { order, left, busy }: FleetOutlook,
  limits: Pick<FleetPolicy, 'concurrency' | 'whenBusy'> & { readonly allowed: number },
): void {
  const { inEstate, instances } = run.subject;
  run.fact(
    'instances',
    `${order.length} to back up, ${instances.length} selected, ${inEstate} in the estate`,
  );
  if (order.length > 0) run.fact('to back up', someNames(order));
  for (const why of [...new Set(left.map((one) => one.why))]) {
    const names = left.filter((one) => one.why === why).map(({ name }) => name);
    run.fact(`left out: ${why}`, `${names.length}: ${someNames(names)}`);
  }
  if (busy.length > 0) {
    const held = someNames(busy.map(({ instance, workflowId }) => `${instance} by ${workflowId}`));
    const then = limits.whenBusy === 'wait' ? 'waited for' : 'skipped if still held when their turn comes';
    run.fact('held by other runs', `${held}; the last to be started, and ${then}`);
  }
  run.fact(
    'limits',
    `${limits.concurrency} at once, the rest is not started after more than ${limits.allowed} failures`,
  );
}
