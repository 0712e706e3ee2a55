import type { Vault } from '../../workflows/plan/instance';
import type { Dependencies } from '../dependencies';

/** What a step that works in a vault must be allowed besides. */
export const VAULT_ACTIONS = ['sts:AssumeRole'] as const;

/** The same with the role of the vault's account; ours where there is no vault. */
export function inVault(dependencies: Dependencies, vault: Vault | undefined, region: string): Dependencies {
  return vault === undefined
    ? dependencies
    : { ...dependencies, aws: dependencies.aws.as(vault.role, region) };
}
