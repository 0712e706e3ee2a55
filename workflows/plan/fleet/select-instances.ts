/** Which instances of an estate are meant; names, or patterns with `*` and `?`. */
export interface Selection {
  /** All when absent. */
  readonly instances?: readonly string[] | undefined;
  readonly except?: readonly string[] | undefined;
}

export interface Selected {
  /** In the order of the estate, none twice. */
  readonly names: readonly string[];
  /** Those that were given by their names. */
  readonly named: ReadonlySet<string>;
  /** Words that mean no instance. */
  readonly unknown: readonly string[];
}

/** Chooses instances by names and patterns. Nothing that was written is ignored: what matches nothing is told. Pure. */
export function selectInstances(known: readonly string[], { instances, except = [] }: Selection): Selected {
  const wanted = instances?.map(matcher);
  const unwanted = except.map(matcher);
  const words = [...(instances ?? []), ...except];
  return {
    names: known.filter(
      (name) =>
        (wanted === undefined || wanted.some((matches) => matches(name))) &&
        !unwanted.some((matches) => matches(name)),
    ),
    named: new Set(instances?.filter((word) => !isPattern(word))),
    unknown: [...new Set(words.filter((word) => !known.some(matcher(word))))],
  };
}

function isPattern(word: string): boolean {
  return /[*?]/.test(word);
}

function matcher(word: string): (name: string) => boolean {
  const source = word
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const pattern = new RegExp(`^${source}$`);
  return (name) => pattern.test(name);
}
