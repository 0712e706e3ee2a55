import { randomBytes } from 'node:crypto';

/** The passwords of one lab, new for each; by the environment variables that the lab's estate refers to. */
export interface LabPasswords {
  readonly BITBUCKET_ADMIN_PASSWORD: string;
  readonly BITBUCKET_PROBE_PASSWORD: string;
  readonly BITBUCKET_TRAFFIC_PASSWORD: string;
  readonly BITBUCKET_DATABASE_PASSWORD: string;
  readonly SEARCH_PASSWORD: string;
}

export const USERS = {
  administrator: 'admin',
  probe: 'runbook-probe',
  traffic: 'traffic',
  search: 'runbooks',
} as const;

export function newPasswords(): LabPasswords {
  const password = (): string => randomBytes(12).toString('hex');
  return {
    BITBUCKET_ADMIN_PASSWORD: password(),
    BITBUCKET_PROBE_PASSWORD: password(),
    BITBUCKET_TRAFFIC_PASSWORD: password(),
    BITBUCKET_DATABASE_PASSWORD: password(),
    SEARCH_PASSWORD: password(),
  };
}
