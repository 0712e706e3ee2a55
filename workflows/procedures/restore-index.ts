import type { SearchSnapshot } from '../plan/backup/manifest';
import type { RestorePoint } from '../plan/backup/restore-point';
import type { Instance, SearchServer, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import { valueOf } from '../runbook/observed';
import type { Run } from '../runbook/run';
import type { Attempt } from '../runbook/trial';
import type { RunningNodes } from '../steps/nodes';
import { observeSearch, restoreSearch } from '../steps/search';
import { rebuildIndex } from './rebuild-index';

type AnyRun<Input> = Run<Input, Instance, Settings>;

/** The index of a backup, at the search server of the site that is restored. */
export interface IndexCopy {
  readonly search: SearchServer;
  readonly snapshot: SearchSnapshot;
}

/**
 * The snapshot of the search index that belongs to a backup, where the search server of the site has it; null: there is
 * none, and the index is built anew. A server that is silent now may answer until it is needed.
 */
export async function findIndexCopy<Input>(
  run: AnyRun<Input>,
  { search }: Site,
  points: readonly RestorePoint[],
  backup: string,
): Promise<IndexCopy | null> {
  const snapshot = points.find((point) => point.backup === backup && point.search !== undefined)?.search;
  if (search === undefined || snapshot === undefined) return null;
  const found = await run.observe(observeSearch, { search, name: snapshot.name });
  if (found.state === 'known' && !found.value.held) {
    run.fact('search index', `built anew: ${search.url} does not hold ${snapshot.name}`);
    return null;
  }
  const doubt = found.state === 'known' ? '' : `; whether it is there is not known now: ${found.reason}`;
  run.fact('search index', `restored from ${snapshot.name} of ${snapshot.capturedAt}${doubt}`);
  return { search, snapshot };
}

/** Restores the index; where that fails it is built anew, as it is without a snapshot. */
export async function restoreIndex<Input>(
  run: AnyRun<Input>,
  site: Site,
  first: RunningNodes,
  { search, snapshot }: IndexCopy,
): Promise<void> {
  const found = await run.observe(observeSearch, { search, name: snapshot.name });
  // Without knowing which index is there, one that an earlier restore brought would pass for the one to come.
  const restored: Attempt<unknown> =
    found.state === 'known' || run.pass === 'plan'
      ? await run.attempt((tried) =>
          tried.step(restoreSearch, { search, snapshot, replaces: valueOf(found)?.indexId ?? null }),
        )
      : { done: false, step: null, why: found.reason };
  if (!restored.done) run.degraded(`the search index is built anew, not restored: ${restored.why}`);
  if (!restored.done || run.pass === 'plan') {
    await rebuildIndex(run, site, first, 'Start rebuilding the search index, if it cannot be restored');
  }
}
