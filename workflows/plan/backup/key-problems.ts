import type { Problem } from '../../runbook/step';
import type { BackupPlan } from '../instance';

/**
 * An encrypted database snapshot can be copied into another region only under a key of that region [A §5.4]. Vaults
 * always have one.
 * @param site the one that is backed up
 */
export function keyProblems(isEncrypted: boolean, { copies }: BackupPlan, site: string): readonly Problem[] {
  if (!isEncrypted) return [];
  return copies
    .filter((copy) => copy.site !== site && copy.kmsKeyId === undefined)
    .map((copy) => ({
      code: 'noKey',
      message: `The database at ${site} is encrypted: its copy at ${copy.site} needs a key of that region.`,
      remedy: `Name it in the estate: kmsKeyId of the copy to ${copy.site} in backup.copies.`,
    }));
}
