import type { VaultPlace } from '../../steps/restore-points';
import type { Instance } from '../instance';

/** The vaults of an instance with their regions, which are those of sites. */
export function vaultPlaces({ backup, sites }: Pick<Instance, 'backup' | 'sites'>): readonly VaultPlace[] {
  return (backup?.vaults ?? []).map(({ name, site, account, role }) => ({
    ...{ name, account, role },
    region: sites.find((one) => one.name === site)?.region ?? '',
  }));
}
