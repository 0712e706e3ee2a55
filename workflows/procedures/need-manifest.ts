import type { Manifest } from '../plan/backup/manifest';
import type { BackupStore, Instance } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import { readManifest } from '../steps/restore';

/**
 * The manifest of a backup, without which the run is refused.
 * @param remedy why it cannot go on without, and what to do
 */
export async function needManifest<Input>(
  run: Run<Input, Instance, Settings>,
  { store, backup }: { readonly store: BackupStore; readonly backup: string },
  remedy: string,
): Promise<{ readonly manifest: Manifest; readonly sha256: string }> {
  const { manifest, sha256, reason } = await run.observe(readManifest, {
    ...{ store, instance: run.subject.name, backup },
  });
  if (manifest !== null && sha256 !== null) return { manifest, sha256 };
  return run.refuse({
    code: 'noManifest',
    message: `The manifest of ${backup} cannot be read: ${reason ?? 'no reason given'}.`,
    remedy,
  });
}
