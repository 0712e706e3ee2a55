/** A stack parameter such as BitbucketProperties: `key=value` separated by white space [B §9.1]. */

/** The value with `set` in it: changed where the key is, appended where it is not. Everything else stays as it was. */
export function withProperties(text: string, set: Readonly<Record<string, string>>): string {
  const wanted = new Map(Object.entries(set));
  const given = partsOf(text);
  const there = new Set(given.map(keyOf));
  const kept = given.map((part) => {
    const value = wanted.get(keyOf(part));
    return value === undefined ? part : `${keyOf(part)}=${value}`;
  });
  const added = [...wanted].filter(([key]) => !there.has(key)).map(([key, value]) => `${key}=${value}`);
  return [...kept, ...added].join(' ');
}

export function hasProperties(text: string, set: Readonly<Record<string, string>>): boolean {
  const parts = partsOf(text);
  return Object.entries(set).every(([key, value]) => {
    // The last one wins where a key is there twice.
    const last = parts.filter((part) => keyOf(part) === key).at(-1);
    return last === `${key}=${value}`;
  });
}

function partsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((part) => part !== '');
}

function keyOf(part: string): string {
  return part.split('=', 1)[0] ?? part;
}
