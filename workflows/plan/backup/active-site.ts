import { valueOf } from '../../runbook/observed';
import type { Problem } from '../../runbook/step';
import type { SiteFacts } from '../../steps/observe-site';

export type ActiveSite = { readonly site: string } | { readonly problem: Problem };

/**
 * The site that is to be backed up: the one whose database takes writes. Where two do (an old primary that came back), or
 * where another site cannot be seen, its nodes must be running as well; a site that was not seen is never taken.
 */
export function activeSite(sites: readonly SiteFacts[]): ActiveSite {
  const writers = sites.filter((site) => valueOf(site.database)?.role === 'writer');
  const serving = writers.filter(serves);
  const unseen = sites.filter((site) => site.database.state !== 'known');
  const [only, another] = writers.length > 1 || unseen.length > 0 ? serving : writers;
  const seen = sites.map((site) => `${site.site}: ${seenDatabase(site)}`).join('; ');
  if (only === undefined) {
    return problem(
      'noActiveSite',
      `No site was seen to be the active one (${seen}).`,
      'A backup needs a database that takes writes, and, where another site is not seen, running nodes. Look at the instance.',
    );
  }
  if (another !== undefined) {
    return problem(
      'severalActiveSites',
      `Several sites seem to be active: ${serving.map((site) => site.site).join(', ')} (${seen}).`,
      'Fence the site that is not to be used; a backup of the wrong one is worse than none.',
    );
  }
  return { site: only.site };
}

function serves(site: SiteFacts): boolean {
  return (valueOf(site.nodes) ?? []).some(({ state }) => state === 'RUNNING' || state === 'MAINTENANCE');
}

function seenDatabase(site: SiteFacts): string {
  const { database } = site;
  if (database.state !== 'known') return `${database.state}, ${database.reason}`;
  return `${database.value.role}, ${database.value.status}, ${serves(site) ? 'nodes serve' : 'no node serves'}`;
}

function problem(code: string, message: string, remedy: string): ActiveSite {
  return { problem: { code, message, remedy } };
}
