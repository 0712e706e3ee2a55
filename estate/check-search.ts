import type { Finding } from './check';
import type { Estate } from './schema';

interface Owner {
  readonly instance: string;
  readonly site: string;
}

/**
 * An index belongs to one site of one instance, in the whole estate: a restore deletes it before it brings the former one
 * back. Snapshots of several sites may be in one repository: each says whose it is.
 */
export function searchFindings(estate: Estate, name: string): readonly Finding[] {
  const owners = new Map<string, Owner>();
  const findings: Finding[] = [];
  for (const [instance, { sites }] of Object.entries(estate.instances)) {
    for (const [site, { search }] of Object.entries(sites)) {
      if (search === undefined) continue;
      const key = `${search.url} ${search.index}`;
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, { instance, site });
      else if (instance === name) {
        const whose = `site "${owner.site}"${owner.instance === name ? '' : ` of ${owner.instance}`}`;
        findings.push({
          path: ['instances', name, 'sites', site, 'search', 'index'],
          message: `the index ${search.index} at ${search.url} is already part of ${whose}`,
        });
      }
    }
  }
  return findings;
}
