import type { EstateInput } from '../../estate/schema';

/** The estate with a policy by which nobody deletes the snapshots of a backup for thirty days. */
export function lockingSnapshots(estate: EstateInput): EstateInput {
  const { policy } = estate;
  const snapshotLock = { mode: 'governance', duration: '30d' } as const;
  return { ...estate, policy: { ...policy, backup: { ...policy?.backup, snapshotLock } } };
}
