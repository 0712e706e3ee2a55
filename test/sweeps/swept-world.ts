import { keysInStore } from '../support/backup-store';
import type { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import { taggedSnapshots } from '../support/snapshots';

/** Everything that a swept runbook could change, backups included. */
export async function sweptWorld(bench: FailoverBench) {
  const [sites, snapshots, store] = await Promise.all([
    footprint(bench),
    taggedSnapshots(bench, 'runbooks:backup'),
    keysInStore(bench),
  ]);
  const members = snapshots
    .map(({ site, kind, id, tags }) => ({ site, kind, id, backup: tags['runbooks:backup'] }))
    .sort((one, other) => `${one.site} ${one.id}`.localeCompare(`${other.site} ${other.id}`));
  return { ...sites, members, store };
}

export type SweptWorld = Awaited<ReturnType<typeof sweptWorld>>;
