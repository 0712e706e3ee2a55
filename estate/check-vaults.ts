import type { Finding } from './check';
import type { Estate } from './schema';

/**
 * A vault copies what is at its site, so that something must be there: the site must get copies whenever another one is
 * backed up. Its name is a place's, its role one of its own account.
 */
export function vaultFindings(estate: Estate, name: string): readonly Finding[] {
  const { backup, sites = {} } = estate.instances[name] ?? {};
  const copied = (backup?.copies ?? []).map(({ site }) => site);
  const names = (backup?.vaults ?? []).map((vault) => vault.name);
  const siteProblems = (site: string): readonly string[] => {
    if (!Object.hasOwn(sites, site))
      return [`no site of ${name}: write one of ${Object.keys(sites).join(', ')}`];
    if (copied.includes(site)) return [];
    return [`nothing is copied to ${site} while another site is backed up: add it to backup.copies`];
  };
  return (backup?.vaults ?? []).flatMap((vault, index) => {
    const finding = (member: string, message: string): Finding => ({
      path: ['instances', name, 'backup', 'vaults', index, member],
      message,
    });
    const owner = vault.role.split(':')[4];
    return [
      ...siteProblems(vault.site).map((message) => finding('site', message)),
      ...(Object.hasOwn(sites, vault.name) ? [finding('name', 'a site has this name: choose another')] : []),
      ...(names.indexOf(vault.name) === index ? [] : [finding('name', 'another vault has this name')]),
      ...(owner === vault.account
        ? []
        : [finding('role', `is a role of the account ${owner ?? '?'}, the vault is in ${vault.account}`)]),
    ];
  });
}
