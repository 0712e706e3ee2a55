/**
 * Everything that a paged description has to say.
 * @param ask one page; `next` as the page before gave it
 */
export async function allPages<T>(
  ask: (next: string | undefined) => Promise<{
    readonly items: readonly T[] | undefined;
    readonly next: string | undefined;
  }>,
): Promise<readonly T[]> {
  const found: T[] = [];
  let next: string | undefined;
  do {
    const page = await ask(next);
    found.push(...(page.items ?? []));
    next = page.next;
  } while (next !== undefined && next !== '');
  return found;
}
