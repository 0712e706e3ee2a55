/** Flat members of the query protocols (`Filter.1.Name`), or the decoded body of a JSON call. */
export type Parameters = Readonly<Record<string, unknown>>;

/** One text parameter, or undefined when the caller left it out. */
export function parameter(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/**
 * A list of texts, in order: `Prefix.1`, `Prefix.member.1` and `Prefix.AnyName.1` forms, or the array of a JSON call.
 */
export function listMembers(parameters: Parameters, prefix: string): readonly string[] {
  const value = parameters[prefix];
  if (Array.isArray(value)) return value.map(String);
  const found: { readonly index: number; readonly value: string }[] = [];
  for (const [name, member] of Object.entries(parameters)) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const index = /^(?:[A-Za-z]+\.)?(\d+)$/.exec(name.slice(prefix.length + 1))?.[1];
    if (index !== undefined) found.push({ index: Number(index), value: String(member) });
  }
  return found.sort((a, b) => a.index - b.index).map((member) => member.value);
}

/**
 * A list of structures, in order: `Tags.member.1.Key`, `Tag.1.Value` … become `[{ Key, Value }]`; deeper members keep
 * their flat names inside, e.g. `Tag.1.Key` within a `TagSpecification`.
 */
export function structures(
  parameters: Parameters,
  prefix: string,
): readonly Readonly<Record<string, string>>[] {
  const found = new Map<number, Record<string, string>>();
  for (const [name, member] of Object.entries(parameters)) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const match = /^(?:[A-Za-z]+\.)?(\d+)\.(.+)$/.exec(name.slice(prefix.length + 1));
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const index = Number(match[1]);
    found.set(index, { ...found.get(index), [match[2]]: String(member) });
  }
  return [...found.entries()].sort(([a], [b]) => a - b).map(([, structure]) => structure);
}

/** Filters by name, from `Filter.N`, `Filters.Filter.N` and `Filters.member.N` forms. */
export function filters(parameters: Parameters): Readonly<Record<string, readonly string[]>> {
  const result: Record<string, readonly string[]> = {};
  for (const prefix of ['Filter', 'Filters']) {
    for (const filter of structures(parameters, prefix)) {
      const name = filter.Name;
      if (name === undefined) continue;
      const values = [...listMembers(filter, 'Value'), ...listMembers(filter, 'Values')];
      result[name] = [...(result[name] ?? []), ...values];
    }
  }
  return result;
}

/** The same EC2 call without the named filters; the others are numbered anew. */
export function withoutFilters(parameters: Parameters, names: readonly string[]): Parameters {
  const kept = Object.entries(filters(parameters)).filter(([name]) => !names.includes(name));
  const rest = Object.entries(parameters).filter(([name]) => !/^Filter\.\d/.test(name));
  const members = kept.flatMap(([name, values], index) => [
    [`Filter.${index + 1}.Name`, name],
    ...values.map((value, at) => [`Filter.${index + 1}.Value.${at + 1}`, value]),
  ]);
  return Object.fromEntries([...rest, ...members]) as Parameters;
}

/** The same call without members that start with one of the prefixes. */
export function withoutMembers(parameters: Parameters, ...prefixes: readonly string[]): Parameters {
  const dropped = (name: string): boolean =>
    prefixes.some((prefix) => name === prefix || name.startsWith(`${prefix}.`));
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !dropped(name)));
}

/** Whether a value passes a filter of AWS, where `*` and `?` are wildcards; an absent filter passes all. */
export function passes(values: readonly string[] | undefined, value: string): boolean {
  if (values === undefined) return true;
  return values.some((pattern) => {
    const source = pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${source}$`).test(value);
  });
}
