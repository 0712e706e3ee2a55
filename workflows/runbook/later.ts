const MARK = 'later:';

/**
 * Stands in a plan for an identifier that only the execution will bring, for example the volume that a step has yet
 * to create. `check` of a following step receives it as its input and must not ask AWS about it.
 */
export function later(what: string): string {
  return MARK + what;
}

export function isLater(value: string): boolean {
  return value.startsWith(MARK);
}

/** What a person reads: `‹volume of createHomeVolume›` for a stand-in, the value itself otherwise. */
export function showLater(value: string): string {
  return isLater(value) ? `‹${value.slice(MARK.length)}›` : value;
}
