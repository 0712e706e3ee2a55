import type { Instance } from './plan/instance';
import { nodeUrls } from './plan/node-urls';
import type { Settings } from './plan/settings';
import { chooseDrillTarget, lookForRemains } from './procedures/drill-target';
import type { DrillTarget } from './procedures/drill-target';
import { bringUpCopy } from './procedures/isolated-copy';
import { inWords } from './runbook/in-words';
import type { Run } from './runbook/run';
import { runbook } from './runbook/runbook';
import type { RunningNodes } from './steps/nodes';
import { compareWithBackup } from './steps/restore';

/** Besides what every runbook accepts. */
interface RestoreBesideInput {
  /** Name of the backup; the newest complete one unless told. */
  readonly backup?: string | undefined;
  /** Seconds; those of the policy unless told. */
  readonly keep?: number | undefined;
}

type BesideRun = Run<RestoreBesideInput, Instance, Settings>;

/**
 * A backup beside the service, for people: brought up at the drill site, left standing until somebody says that it is no
 * longer needed or the time is over, and taken down. The service is not touched, and backups and failovers go on meanwhile.
 */
export const restoreBeside = runbook<RestoreBesideInput, Instance, Settings>(
  'restoreBeside',
  { recovery: false, part: 'drill' },
  async (run) => {
    const { input, policy } = run;
    const keepSeconds = input.keep ?? policy.restore.keepBesideSeconds;
    const target = await chooseDrillTarget(run, { backup: input.backup, pick: 'newest' });
    const { drill, chosen } = target;
    const { backup, capturedAt } = chosen.point;
    run.fact(
      'taken down',
      `when somebody says so, and ${inWords(keepSeconds)} after it stands at the latest`,
    );
    await run.gate(
      'restoreBeside',
      `Bring up ${backup} at the drill site in ${drill.region}, beside the service`,
    );

    const releasedBy = await run.temporary(policy.verify.limitSeconds + keepSeconds, async (copy) => {
      const first = await bringUpCopy(copy, target);
      await compare(copy, target, first);
      const addresses = addressesOf(target, first);
      copy.report('copy', { backup, capturedAt, drill: drill.stack.name, addresses });
      return copy.keep('takeDown', {
        title: `${backup} stands beside the service: take it down?`,
        evidence: [
          ...addresses,
          'What is pushed there is lost. To bring a repository back, clone it there with --mirror and push it to the service.',
        ],
        seconds: keepSeconds,
      });
    });
    run.fact('released by', releasedBy ?? 'nobody: the time was over');
    run.verifying();
    await lookForRemains(run, target);
  },
);

/** A copy that differs from its manifest is still worth looking into: it is told, and stands. */
async function compare(run: BesideRun, { drill, manifest }: DrillTarget, first: RunningNodes): Promise<void> {
  const { administrator } = run.subject.credentials;
  const compared = await run.attempt((attempted) =>
    attempted.step(compareWithBackup, {
      nodes: nodeUrls(drill, first.nodes),
      administrator,
      expected: manifest.product,
    }),
  );
  if (!compared.done) run.degraded(`the copy is not what the manifest says: ${compared.why}`);
}

function addressesOf({ drill }: DrillTarget, first: RunningNodes): readonly string[] {
  return [
    `Bitbucket: ${nodeUrls(drill, first.nodes).join(', ')}`,
    `Database: ${drill.database.id} in ${drill.region}`,
    `Home: on the file server ${drill.fileServer.instanceId} in ${drill.region}`,
  ];
}
