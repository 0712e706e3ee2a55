import { patched } from '@temporalio/workflow';
import { isMadeAt, searchRemains } from '../plan/backup/search-remains';
import { isAt } from '../plan/backup/restore-point';
import type { RestorePoint } from '../plan/backup/restore-point';
import type { Instance, SearchServer, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import { deleteSearchSnapshot, listSearchSnapshots } from '../steps/search';
import type { ListedSnapshot } from '../steps/search';
import type { Inventory } from './find-restore-points';

type AnyRun<Input> = Run<Input, Instance, Settings>;

/** A snapshot of the search index, and the site whose server holds it. */
interface SearchSnapshotAt {
  readonly site: string;
  readonly search: SearchServer;
  readonly snapshot: ListedSnapshot;
}

/** What becomes of the snapshots of the search index. */
interface SearchSnapshots {
  /** Those that lose their worth with a restore point. */
  of(point: Pick<RestorePoint, 'backup' | 'place'>): readonly SearchSnapshotAt[];
  /** Those that are to go because they belong to none. */
  readonly left: readonly SearchSnapshotAt[];
}

/** What the search servers hold of an instance. A silent one keeps what it has, and nothing waits for it. */
export async function findSearchSnapshots<Input>(
  run: AnyRun<Input>,
  { found: { points }, asOf }: Inventory,
  removeOrphans: boolean,
): Promise<SearchSnapshots> {
  const sites = run.subject.sites.filter((site) => site.search !== undefined);
  const looks = sites.map(async (site) => madeAt(site, points, await look(run, site)));
  const held = (await Promise.all(looks)).flat();
  const left = sites.flatMap(({ name, region }) => {
    const there = held.filter(({ site }) => site === name);
    const remains = searchRemains(
      there.map(({ snapshot }) => snapshot),
      points,
      { region, asOf },
    );
    return there.filter(({ snapshot }) => remains.includes(snapshot));
  });
  tell(run, left, removeOrphans);
  return {
    left: removeOrphans ? left : [],
    of: ({ backup, place }) =>
      held.filter(
        ({ site, snapshot }) =>
          snapshot.backup === backup &&
          sites.some(({ name, region }) => name === site && isAt({ place }, region)),
      ),
  };
}

/** Runs of an earlier version deleted through each server whatever it listed. */
function madeAt(
  { region }: Site,
  points: readonly RestorePoint[],
  listed: readonly SearchSnapshotAt[],
): readonly SearchSnapshotAt[] {
  const made = listed.filter(({ snapshot }) => isMadeAt(region, snapshot, points));
  return made.length === listed.length || patched('search-snapshots-where-made') ? made : listed;
}

async function look<Input>(run: AnyRun<Input>, { name, search }: Site): Promise<readonly SearchSnapshotAt[]> {
  if (search === undefined) return [];
  const found = await run.observe(listSearchSnapshots, { search });
  if (found.state === 'known') return found.value.map((snapshot) => ({ site: name, search, snapshot }));
  run.fact(`search index at ${name}`, `its snapshots are not seen, and stay: ${found.reason}`);
  run.degraded(`snapshots of the search index at ${name} were not looked for: ${found.reason}`);
  return [];
}

function tell<Input>(run: AnyRun<Input>, left: readonly SearchSnapshotAt[], removeOrphans: boolean): void {
  if (left.length === 0 || removeOrphans) return;
  const names = left.map(({ site, snapshot: { name } }) => `${name} at ${site}`).join(', ');
  run.fact('search index of no backup', names);
  run.followUp(
    `Snapshots of the search index belong to no backup: ${names}. pruneBackups with "removeOrphans": true deletes them.`,
  );
}

/** One that cannot be deleted is told, and holds up nothing: it is no backup by itself. */
export async function removeSearchSnapshot<Input>(
  run: AnyRun<Input>,
  { site, search, snapshot: { name } }: SearchSnapshotAt,
): Promise<void> {
  const removed = await run.attempt((tried) =>
    tried.step(
      deleteSearchSnapshot,
      { search, name },
      {
        id: `deleteSearchSnapshot.${name}.${site}`,
        title: `Delete the snapshot ${name} of the search index at ${site}`,
      },
    ),
  );
  if (!removed.done)
    run.degraded(`the snapshot ${name} of the search index at ${site} stays: ${removed.why}`);
}
