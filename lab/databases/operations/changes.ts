/** What is there already is no change: asking for it again does nothing. */
export function changesOnly<S extends object>(current: S, wanted: S): Partial<S> {
  const before = new Map<string, unknown>(Object.entries(current));
  return only(wanted, (name, value) => {
    return value !== undefined && JSON.stringify(value) !== JSON.stringify(before.get(name));
  });
}

/** Divides into what is applied now and what waits. */
export function postpone<S extends object>(
  wanted: S,
  waiting: ReadonlySet<keyof S>,
): { readonly now: Partial<S>; readonly later: Partial<S> } {
  const names: ReadonlySet<unknown> = waiting;
  return { now: only(wanted, (name) => !names.has(name)), later: only(wanted, (name) => names.has(name)) };
}

function only<S extends object>(settings: S, wanted: (name: string, value: unknown) => boolean): Partial<S> {
  const entries = Object.entries(settings).filter(([name, value]) => wanted(name, value));
  return Object.fromEntries(entries) as Partial<S>;
}
