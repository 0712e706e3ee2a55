import { workflowInfo } from '@temporalio/workflow';
import type { Place, SearchRecord, SearchSnapshot } from '../plan/backup/manifest';
import { searchSnapshotName } from '../plan/backup/name';
import { wholeSnapshot } from '../plan/backup/whole-snapshot';
import type { BackupStore, Instance, SearchServer } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import type { Attempt } from '../runbook/trial';
import { captureSearch, completeSearch, keepSearch } from '../steps/search';
import type { CapturedSearch } from '../steps/search';

type AnyRun<Input> = Run<Input, Instance, Settings>;

/** The index of the site that is backed up. */
export interface SearchSource {
  readonly search: SearchServer;
  readonly backup: string;
  readonly region: string;
}

/** Its snapshot as it was begun, or why it was not. */
export interface BegunSearch extends SearchSource {
  readonly begun: Attempt<CapturedSearch>;
}

/**
 * Does `work`, which captures the pair, and begins a snapshot of the search index at the same time: never within the lock,
 * so that users wait for no search server.
 */
export async function besideSearch<Input, T>(
  run: AnyRun<Input>,
  source: SearchSource,
  work: () => Promise<readonly T[]>,
): Promise<{ readonly done: readonly T[]; readonly search: BegunSearch }> {
  const capture = { ...source, name: searchSnapshotName(source.backup) };
  const search = { begun: unbegun };
  const [done = []] = await run.together<readonly T[]>(work, async () => {
    search.begun = await run.attempt((tried) => tried.step(captureSearch, capture));
    return [];
  });
  return { done, search: { ...source, begun: search.begun } };
}

const unbegun: Attempt<CapturedSearch> = { done: false, step: null, why: 'it was not begun' };

/** Waits for its end, and puts it on record; what is not whole is deleted, and the backup goes without. */
export async function endSearch<Input>(
  run: AnyRun<Input>,
  { search, backup, begun }: BegunSearch,
  { store, place }: { readonly store: BackupStore; readonly place: Place },
): Promise<void> {
  const capture = { search, backup, name: searchSnapshotName(backup) };
  const ended = begun.done ? await run.attempt((tried) => tried.step(completeSearch, capture)) : begun;
  const found =
    begun.done && ended.done ? wholeSnapshot(search, begun.value, ended.value) : { why: whyOf(ended) };
  const snapshot = 'snapshot' in found ? found.snapshot : null;
  const record = snapshot === null ? null : recordOf(backup, place, snapshot);
  const kept = await run.attempt((tried) => tried.step(keepSearch, { ...capture, store, record }));
  if (run.pass === 'plan') return;
  if ('why' in found) run.degraded(`the search index is not in this backup: ${found.why}`);
  if (!kept.done) {
    run.degraded(
      `the snapshot ${capture.name} of the search index may be there, and no record tells of it: ${kept.why}`,
    );
  } else if (snapshot !== null) run.report('search', snapshot);
}

function recordOf(backup: string, place: Place, snapshot: SearchSnapshot): SearchRecord {
  const { workflowId, runId } = workflowInfo();
  const at = new Date().toISOString();
  return { record: 'search', backup, at, place, snapshot, run: { workflowId, runId } };
}

function whyOf(attempt: Attempt<unknown>): string {
  return attempt.done ? 'nobody knows why' : attempt.why;
}
