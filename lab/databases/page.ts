import { faults } from './faults';

/** One page of a Describe: `MaxRecords` (20..100, 100 unless told) from `Marker` on. */
export function pageOf<T>(
  all: readonly T[],
  request: { readonly maxRecords: number | undefined; readonly marker: string | undefined },
): { readonly items: readonly T[]; readonly marker: string | undefined } {
  const size = request.maxRecords ?? 100;
  if (size < 20 || size > 100) {
    throw faults.value(`Invalid value ${size} for MaxRecords. Must be between 20 and 100`);
  }
  const from = Number(request.marker ?? 0);
  if (!Number.isInteger(from) || from < 0) throw faults.value(`Invalid Marker: ${request.marker ?? ''}`);
  const next = from + size;
  return { items: all.slice(from, next), marker: next < all.length ? String(next) : undefined };
}
