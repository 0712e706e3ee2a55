import type { Problem } from '../runbook/step';
import { valueOf } from '../runbook/observed';
import type { SiteFacts } from '../steps/observe-site';

export type Roles = { readonly primary: string; readonly standby: string } | { readonly problem: Problem };

/**
 * Which site is the lost primary and which is to take over. Decided from what is seen: the standby is the site whose
 * database is a replica now. A site that could not be observed is never taken for the standby.
 * @param target the site that the starter named, or null
 */
export function decideRoles(sites: readonly SiteFacts[], target: string | null): Roles {
  const names = sites.map((site) => site.site).join(', ');
  if (target !== null && !sites.some((site) => site.site === target)) {
    return refusal('unknownSite', `The instance has no site "${target}".`, `Its sites are ${names}.`);
  }
  const replicas = sites.filter(
    (site) => valueOf(site.database)?.role === 'replica' && (target === null || site.site === target),
  );
  const [standby, another] = replicas;
  if (standby === undefined) {
    const seen = sites.map((site) => `${site.site}: ${seenDatabase(site)}`).join('; ');
    return refusal(
      'noStandby',
      `No ${target === null ? 'site' : `database of ${target}`} was seen to be a read replica (${seen}).`,
      'Look whether a failover has already happened, or whether the standby region can be reached.',
    );
  }
  if (another !== undefined) {
    return refusal(
      'severalStandbys',
      `Several sites have a replica: ${replicas.map((site) => site.site).join(', ')}.`,
      'Start again with "target" naming one of them.',
    );
  }
  const primaries = sites.filter((site) => site.site !== standby.site);
  const [primary] = primaries;
  if (primary === undefined || primaries.length > 1) {
    return refusal(
      'unclearPrimary',
      `Besides ${standby.site} there is not exactly one site (${names}).`,
      'Describe two sites in the estate.',
    );
  }
  return { primary: primary.site, standby: standby.site };
}

function seenDatabase(site: SiteFacts): string {
  const { database } = site;
  return database.state === 'known'
    ? `${database.value.role}, ${database.value.status}`
    : `${database.state}, ${database.reason}`;
}

function refusal(code: string, message: string, remedy: string): { readonly problem: Problem } {
  return { problem: { code, message, remedy } };
}
