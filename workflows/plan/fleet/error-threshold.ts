/**
 * How many of so many instances may fail before no further one is started. A share is rounded up: of a few instances one
 * may fail, unless the threshold is 0. Pure.
 * @param threshold a number of instances, or a share such as `10%`
 */
export function failuresAllowed(threshold: number | string, total: number): number {
  if (typeof threshold === 'number') return threshold;
  const percent = Number(/^(\d{1,3})%$/.exec(threshold)?.[1] ?? 0);
  return Math.ceil((Math.min(100, percent) * total) / 100);
}
