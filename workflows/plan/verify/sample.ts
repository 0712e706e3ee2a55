import { hash } from './hash';

/**
 * So many of the given ids, each once: the first half by the order of `recent`, for what was written last is what a backup
 * may have torn; the others by chance, for they would never be looked at otherwise. Pure: the seed decides.
 */
export function sampleOf(
  ids: readonly number[],
  recent: readonly number[],
  size: number,
  seed: string,
): readonly number[] {
  const known = new Set(ids);
  const newest = [...new Set(recent)].filter((id) => known.has(id)).slice(0, Math.ceil(size / 2));
  const rest = ids
    .filter((id) => !newest.includes(id))
    .map((id) => [hash(`${seed} ${id}`), id] as const)
    .sort(([one, first], [other, second]) => one - other || first - second)
    .map(([, id]) => id);
  return [...newest, ...rest].slice(0, size);
}
