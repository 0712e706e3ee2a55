import { createHash } from 'node:crypto';
import { z } from 'zod';
import { keysInStore, readStore } from '../support/backup-store';
import type { FailoverBench } from '../support/failover-bench';

const linked = z.object({
  backup: z.string(),
  previous: z.object({ backup: z.string(), sha256: z.string() }).nullable(),
});

/** Whether every manifest names the one before it by its bytes. The names sort by time. @returns what is wrong */
export async function brokenLinks(bench: FailoverBench): Promise<readonly string[]> {
  const keys = (await keysInStore(bench)).filter((key) => key.endsWith('/manifest.json'));
  const texts = await Promise.all(keys.map(async (key) => (await readStore(bench, key)).text));
  return brokenLinksIn(texts);
}

/** @param texts of the manifests, the oldest first */
export function brokenLinksIn(texts: readonly string[]): readonly string[] {
  const found: string[] = [];
  let before: { readonly backup: string; readonly sha256: string } | null = null;
  for (const text of texts) {
    const { backup, previous } = linked.parse(JSON.parse(text));
    if (previous?.backup !== before?.backup || previous?.sha256 !== before?.sha256) {
      found.push(
        `the manifest of ${backup} names ${previous?.backup ?? 'none'} before it, not ${before?.backup ?? 'none'} as it is`,
      );
    }
    before = { backup, sha256: createHash('sha256').update(text).digest('hex') };
  }
  return found;
}
