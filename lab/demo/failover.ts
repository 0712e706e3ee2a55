import type { Report } from '../../workflows/runbook/report';
import { waitForAlarm } from './alarm';
import { Stage } from './stage';
import type { StageOptions, StageReport } from './stage';

/** The run's report, and what was seen from outside. */
export interface FailoverDemoReport extends Report, Pick<StageReport, 'traffic' | 'invariants'> {
  readonly lab: StageReport['lab'] & {
    readonly history: { readonly events: number; readonly bytes: number | null };
  };
}

/** How long users work, and copies of their home are taken, before the region goes. */
const QUIET_SECONDS = 12;
/** Users go on for so long after the failover, so that the end of the downtime is seen from outside. */
const AFTER_SECONDS = 4;

/**
 * The main job, from a quiet day to the report.
 * @param finished called with the report while the lab still stands
 */
export function playFailover(
  options: StageOptions,
  finished: (report: FailoverDemoReport) => Promise<void>,
): Promise<FailoverDemoReport> {
  return Stage.within(options, { homeCopyEverySeconds: 6 }, async (stage) => {
    const { world } = stage;
    await stage.pause(QUIET_SECONDS);
    const brokenAt = new Date();
    await world.breakIt('region-down');
    stage.say(`${world.sites.primary.layout.region} is gone`);
    await waitForAlarm(world, options.signal);
    stage.say('the alarm rings: two checks in a row failed');
    const { workflowId, report } = await stage.run({
      runbook: 'drFailover',
      requestedBy: 'alarm',
      trigger: 'alarm',
      reason: 'the service does not answer any more',
      incidentStartedAt: brokenAt.toISOString(),
    });
    await stage.pause(AFTER_SECONDS);
    const { traffic, invariants, lab } = await stage.report();
    const { historyLength, historySize } = await stage.history(workflowId);
    const history = { events: historyLength, bytes: historySize ?? null };
    const all = { ...report, traffic, invariants, lab: { ...lab, history } };
    await finished(all);
    return all;
  });
}
