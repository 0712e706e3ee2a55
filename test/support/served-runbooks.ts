import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the runbooks that workers serve, as `workflows/index.ts` exports them, ascending; without the lease. */
export function servedRunbooks(): readonly string[] {
  const text = readFileSync(join(__dirname, '../../workflows/index.ts'), 'utf8');
  const exported = [...text.matchAll(/^export \{ (\w+) \} from/gm)].map(([, name = '']) => name);
  return exported.filter((name) => name !== 'instanceLease').sort();
}
