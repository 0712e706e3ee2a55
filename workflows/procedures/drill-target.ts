import { workflowInfo } from '@temporalio/workflow';
import { describeProduct } from '../plan/backup/describe-product';
import type { Manifest } from '../plan/backup/manifest';
import { placeName } from '../plan/backup/restore-point';
import type { BackupStore, DrillSite, Instance } from '../plan/instance';
import type { ChosenPoint } from '../plan/restore/choose-point';
import type { Settings } from '../plan/settings';
import { drillProblems } from '../plan/verify/drill-problems';
import { pickPoint } from '../plan/verify/pick-point';
import type { Pick } from '../plan/verify/pick-point';
import type { Run } from '../runbook/run';
import { findRemains, observeDrillSite } from '../steps/verify';
import { findRestorePoints } from './find-restore-points';
import { needManifest } from './need-manifest';

/** A backup, and the drill site where it is brought up. */
export interface DrillTarget {
  readonly drill: DrillSite;
  readonly store: BackupStore;
  readonly availabilityZone: string;
  readonly chosen: ChosenPoint;
  readonly manifest: Manifest;
}

interface Wish {
  readonly backup: string | undefined;
  readonly pick: Pick;
}

/** Which backup, and whether the drill site can take it; refuses what cannot be. */
export async function chooseDrillTarget<Input>(
  run: Run<Input, Instance, Settings>,
  wish: Wish,
): Promise<DrillTarget> {
  const { subject } = run;
  const drill = subject.backup?.drill;
  const store = subject.backup?.store;
  if (drill === undefined || store === undefined) {
    return run.refuse({
      code: 'noDrillSite',
      message: `The estate does not say where backups of ${subject.name} can be tried.`,
      remedy:
        'Describe a drill site, which has no part in the service: instances.<name>.backup.drill (docs/verify.md).',
    });
  }
  const { found } = await findRestorePoints(run);
  for (const what of found.silent) run.fact('not seen', what);
  const { startTime, runId } = workflowInfo();
  const choice = pickPoint(found.points, drill, { ...wish, seed: runId, asOf: startTime.toISOString() });
  if ('problem' in choice) return run.refuse(choice.problem);
  const { point } = choice;
  const { backup } = point;
  const { manifest } = await needManifest(
    run,
    { store, backup },
    'Mend the way to the store: without the manifest there is nothing to compare with.',
  );
  const facts = await run.observe(observeDrillSite, { drill, sites: subject.sites });
  for (const problem of drillProblems(drill, facts, manifest.product.version)) await run.problem(problem);
  run.fact('backup', `${backup}, captured ${point.capturedAt}, ${placeName(point.place)}`);
  run.fact('in it', `Bitbucket ${describeProduct(manifest.product)}`);
  run.fact('verified before', describeFormer(point.verification));
  return { drill, store, availabilityZone: facts.availabilityZone, chosen: choice, manifest };
}

function describeFormer(former: ChosenPoint['point']['verification']): string {
  return former === null ? 'never' : `${former.result} at ${former.at}`;
}

/** Nothing may be left: it costs money, and the next run there would be refused. */
export async function lookForRemains<Input>(
  run: Run<Input, Instance, Settings>,
  { drill, chosen }: DrillTarget,
): Promise<void> {
  const { backup, members } = chosen.point;
  const found = await run.measure(findRemains, { drill, hold: { region: drill.region, backup, members } });
  for (const what of found?.remains ?? []) {
    run.degraded(`left at the drill site: ${what}`);
    run.followUp(`Remove from the drill site in ${drill.region}: ${what}.`);
  }
}
