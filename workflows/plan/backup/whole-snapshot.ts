import type { CapturedSearch, EndedSnapshot } from '../../steps/search';
import type { SearchServer } from '../instance';
import type { SearchSnapshot } from './manifest';

/** The snapshot as it is put on record; or why it is worth nothing: a part of an index finds a part of the code. */
export function wholeSnapshot(
  { repository, index }: Pick<SearchServer, 'repository' | 'index'>,
  { documents }: Pick<CapturedSearch, 'documents'>,
  { name, state, failures, capturedAt, shards }: EndedSnapshot,
): { readonly snapshot: SearchSnapshot } | { readonly why: string } {
  if (state === 'SUCCESS' && failures.length === 0)
    return { snapshot: { name, repository, index, capturedAt, shards, documents } };
  const reasons = failures.length === 0 ? '' : `: ${failures.slice(0, 3).join('; ')}`;
  return { why: `the snapshot ${name} ended ${state}${reasons}` };
}
