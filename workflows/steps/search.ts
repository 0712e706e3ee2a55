import type { SearchRecord, SearchSnapshot } from '../plan/backup/manifest';
import type { BackupStore, SearchServer } from '../plan/instance';
import type { Observed } from '../runbook/observed';
import { defineObservation, defineStep } from '../runbook/step';

export interface CaptureSearch {
  readonly search: SearchServer;
  readonly backup: string;
  /** Of the snapshot. */
  readonly name: string;
  /** Of the site whose index it is; what begins a snapshot writes it down. */
  readonly region?: string | undefined;
}

export interface CapturedSearch {
  readonly name: string;
  /** In the index when the snapshot was begun; null = not known. */
  readonly documents: number | null;
}

/**
 * Begins a snapshot of the search index; undo deletes it. It never stands in the way of a backup: what is wrong is a note
 * of the plan, and its undo waits for no server that is silent. The deadline is short because what locks users out may
 * be taken back only when this has ended.
 */
export const captureSearch = defineStep<CaptureSearch, CapturedSearch>({
  name: 'captureSearch',
  title: 'Begin a snapshot of the search index',
  risk: 'reversible',
  deadlineSeconds: 60,
  expectedSeconds: 5,
});

/** How a snapshot has come to its end. */
export interface EndedSnapshot {
  readonly name: string;
  /** The server's own word, e.g. `SUCCESS` or `PARTIAL`. */
  readonly state: string;
  /** Why it is not whole; empty when it is. */
  readonly failures: readonly string[];
  readonly capturedAt: string;
  readonly shards: number;
}

/** The snapshot has come to an end, whichever. Not waited for without end: the run holds the instance meanwhile. */
export const completeSearch = defineStep<CaptureSearch, EndedSnapshot>({
  name: 'completeSearch',
  title: 'Wait for the snapshot of the search index',
  risk: 'readOnly',
  deadlineSeconds: 2 * 3600,
  expectedSeconds: 600,
});

export interface KeepSearch extends CaptureSearch {
  readonly store: BackupStore;
  /** Null: the snapshot is not whole, or nobody knows what has become of it. */
  readonly record: SearchRecord | null;
}

/** A whole snapshot is told of in the store, beside the manifest; of any other nothing stays. */
export const keepSearch = defineStep<KeepSearch, { readonly key: string | null }>({
  name: 'keepSearch',
  title: 'Record the snapshot of the search index, or delete what is not whole',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 900,
  expectedSeconds: 5,
});

/** What a restore goes by. */
export interface SearchState {
  /** Whether the server holds the snapshot, whole and with the index in it. */
  readonly held: boolean;
  /** Identity of the index that is there now; null = there is none. */
  readonly indexId: string | null;
}

/** What a search server has of a snapshot, and of the index that it would replace. */
export const observeSearch = defineObservation<
  { readonly search: SearchServer; readonly name: string },
  Observed<SearchState>
>({
  name: 'observeSearch',
  title: 'Look at the search index and its snapshot',
  deadlineSeconds: 120,
});

export interface RestoreSearch {
  readonly search: SearchServer;
  readonly snapshot: SearchSnapshot;
  /** Identity of the index that is replaced. Any other that is there was made since, by this step or by Bitbucket. */
  readonly replaces: string | null;
}

/**
 * Deletes the index and brings it back as it was: a search server restores only what is not there. What there is now is
 * gone for good, which is why a cancel waits for the end; an index can always be built anew.
 */
export const restoreSearch = defineStep<
  RestoreSearch,
  { readonly shards: number; readonly documents: number }
>({
  name: 'restoreSearch',
  title: 'Restore the search index from its snapshot',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 2 * 3600,
  expectedSeconds: 300,
});

/** A snapshot of ours, as its own metadata tells. */
export interface ListedSnapshot {
  readonly name: string;
  /** Null: its metadata names none. */
  readonly backup: string | null;
  /** Of the site at which it was made; absent: an older one, which does not say. */
  readonly region?: string | undefined;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** Every snapshot of an instance's index that a search server holds. */
export const listSearchSnapshots = defineObservation<
  { readonly search: SearchServer },
  Observed<readonly ListedSnapshot[]>
>({
  name: 'listSearchSnapshots',
  title: 'Look for snapshots of the search index',
  deadlineSeconds: 120,
});

export interface DeleteSearchSnapshot {
  readonly search: SearchServer;
  readonly name: string;
}

/** Deletes a snapshot of this instance's index, after the backup that it belonged to. */
export const deleteSearchSnapshot = defineStep<DeleteSearchSnapshot, { readonly name: string }>({
  name: 'deleteSearchSnapshot',
  title: 'Delete a snapshot of the search index',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 900,
  expectedSeconds: 10,
});
