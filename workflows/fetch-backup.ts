import type { Instance } from './plan/instance';
import { chooseVaultPoint, membersInVault } from './plan/backup/vault-point';
import type { VaultPoint } from './plan/backup/vault-point';
import { describeProduct } from './plan/backup/describe-product';
import type { Settings } from './plan/settings';
import { copyFromVault } from './procedures/copy-backup';
import type { Original } from './procedures/copy-backup';
import { findRestorePoints } from './procedures/find-restore-points';
import { needManifest } from './procedures/need-manifest';
import type { Run } from './runbook/run';
import { runbook } from './runbook/runbook';

/** Besides what every runbook accepts. */
interface FetchBackupInput {
  readonly backup: string;
  /** Name of a vault; the one that has it unless told. */
  readonly from?: string | undefined;
}

type FetchRun = Run<FetchBackupInput, Instance, Settings>;

interface Source extends VaultPoint {
  readonly original: Original;
  /** Ours, which the vault lets copy. */
  readonly account: string;
}

/**
 * A backup back from another account: when ours have been deleted, or cannot be trusted any more. It becomes a copy at the
 * site in whose region the vault lies, and is restored from there as any other.
 */
export const fetchBackup = runbook<FetchBackupInput, Instance, Settings>(
  'fetchBackup',
  { recovery: false },
  async (run) => {
    const { original, vault, site, kmsKeyId, account } = await assess(run);
    await run.gate('backup', `Fetch ${original.backup} from ${vault.name} to ${site.name}`);
    const { backup } = original;
    const undone = `In ${site.region}, look for snapshots with the tag runbooks:backup = ${backup} that are in no record, and whether ${vault.name} lets our account copy.`;
    await run.leavable({ undone }, (part) =>
      copyFromVault(part, original, { vault, account, to: { site: site.name, kmsKeyId } }),
    );
    run.verifying();
    run.report('backup', { name: original.backup, site: site.name, region: site.region });
    run.followUp(
      `Restore it: runbooks start restore ${run.subject.name} --input '{"backup":"${original.backup}"}'`,
    );
  },
);

async function assess(run: FetchRun): Promise<Source> {
  const { subject, input } = run;
  const { found, where } = await findRestorePoints(run);
  for (const what of found.silent) run.fact('not seen', what);
  const choice = chooseVaultPoint(found.points, input, subject);
  if ('problem' in choice) return run.refuse(choice.problem);
  const { point, vault } = choice;
  const { backup, place } = point;
  const { store } = where;
  const { manifest, sha256 } = await needManifest(
    run,
    { store, backup },
    'Mend the way to the store: without the manifest nobody knows what the snapshots belong to.',
  );
  const members = membersInVault(manifest, point);
  if (members.some(({ kind, encrypted }) => kind !== 'ebs' && encrypted) && choice.kmsKeyId === null) {
    await run.problem({
      code: 'noKey',
      message: `The database in ${backup} is encrypted under a key of ${vault.name}: a copy needs one of ours.`,
      remedy: `Name it in the estate: kmsKeyId of the copy to ${choice.site.name} in backup.copies.`,
    });
  }
  run.fact('backup', `${backup}, captured ${point.capturedAt}`);
  run.fact('in it', `Bitbucket ${describeProduct(manifest.product)}`);
  run.fact('fetched from', `${vault.name} (${place.region}, account ${vault.account})`);
  const original = { backup, site: vault.name, region: place.region, members, sha256, store };
  return { ...choice, original, account: found.account };
}
