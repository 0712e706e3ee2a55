import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CHANGE_TYPE, NO_COMMIT } from '../schema';

export type Refs = ReadonlyMap<string, string>;

/** All refs of a bare repository with their commits, read from its files: far cheaper than a process per push. */
export async function readRefs(directory: string): Promise<Refs> {
  const refs = new Map<string, string>();
  const packed = await readFile(join(directory, 'packed-refs'), 'utf8').catch(() => '');
  for (const line of packed.split('\n')) {
    const match = /^([0-9a-f]{40}) (refs\/\S+)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) refs.set(match[2], match[1]);
  }
  await readLoose(directory, 'refs', refs);
  return refs;
}

async function readLoose(directory: string, prefix: string, refs: Map<string, string>): Promise<void> {
  const entries = await readdir(join(directory, prefix), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const name = `${prefix}/${entry.name}`;
    if (entry.isDirectory()) await readLoose(directory, name, refs);
    else if (!name.endsWith('.lock')) {
      const hash = (await readFile(join(directory, name), 'utf8').catch(() => '')).trim();
      if (/^[0-9a-f]{40}$/.test(hash)) refs.set(name, hash);
    }
  }
}

export interface RefChange {
  readonly ref: string;
  readonly type: number;
  readonly from: string;
  readonly to: string;
}

export function compareRefs(before: Refs, after: Refs): readonly RefChange[] {
  const changes: RefChange[] = [];
  for (const [ref, to] of after) {
    const from = before.get(ref) ?? NO_COMMIT;
    if (from !== to)
      changes.push({ ref, from, to, type: from === NO_COMMIT ? CHANGE_TYPE.ADD : CHANGE_TYPE.UPDATE });
  }
  for (const [ref, from] of before) {
    if (!after.has(ref)) changes.push({ ref, from, to: NO_COMMIT, type: CHANGE_TYPE.DELETE });
  }
  return changes;
}
