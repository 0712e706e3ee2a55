import { REGIONS } from './network';

/** Names of what Bitbucket runs on in one place. */
export interface PlaceLayout {
  readonly region: string;
  readonly zone: string;
  readonly stack: string;
  readonly autoScalingGroup: string;
  readonly databaseId: string;
  /** Of the DB cluster that the database is in, in worlds whose databases are Aurora. */
  readonly databaseCluster: string;
  readonly databaseGroup: string;
  readonly fileServer: string;
}

/** Names of everything that one site of the lab is made of. */
export interface SiteLayout extends PlaceLayout {
  readonly name: 'primary' | 'standby';
  readonly loadBalancer: string;
  readonly alarms: readonly string[];
}

export const INSTANCE = 'bitbucket-prod';
export const ACCOUNT = '123456789012';
export const ZONE = 'bitbucket.lab';
export const SERVICE_NAME = `git.${ZONE}`;
/** Port on which the load balancers of the lab listen. */
export const SERVICE_PORT = 8080;
export const NODE_PORT = 7990;
export const DATABASE_NAME = 'bitbucket';
export const DATABASE_USER = 'bitbucket';
export const HOME_DEVICE = '/dev/xvdf';
/** Inside the file server's root directory. */
export const HOME_PATH = 'media/atl/bitbucket/shared';
export const EXPORT_TO = '127.0.0.0/8(rw,sync,no_root_squash)';
export const PROPERTIES_PARAMETER = 'BitbucketProperties';
export const BITBUCKET_VERSION = '8.19.4';
export const PROBE_REPOSITORY = { project: 'OPS', slug: 'probe' } as const;
export const PROJECTS = [
  { key: 'OPS', name: 'Operations', repositories: ['probe'] },
  { key: 'SHOP', name: 'Shop', repositories: ['storefront', 'checkout'] },
  { key: 'PAY', name: 'Payments', repositories: ['ledger'] },
] as const;

/** Search servers, in worlds that have them. */
export const SEARCH = {
  port: 9200,
  index: 'bitbucket-search-v1',
  repository: 'bitbucket-snapshots',
} as const;

/** Where the manifests of backups are kept, in the standby region. */
export const BACKUP_BUCKET = 'bitbucket-backups';

export const SITES: Readonly<Record<'primary' | 'standby', SiteLayout>> = {
  primary: layout('primary', REGIONS.primary, INSTANCE),
  standby: layout('standby', REGIONS.standby, `${INSTANCE}-dr`),
};

/** Where backups are tried out, in worlds that have it: beside the standby, whose region holds the copies. */
export const DRILL: PlaceLayout = place(REGIONS.standby, `${INSTANCE}-drill`);

function layout(name: SiteLayout['name'], region: string, base: string): SiteLayout {
  return {
    name,
    ...place(region, base),
    loadBalancer: `${base}-lb`,
    alarms: [`${base}-cpu-high`, `${base}-cpu-low`],
  };
}

function place(region: string, base: string): PlaceLayout {
  return {
    region,
    zone: `${region}a`,
    stack: base,
    autoScalingGroup: `${base}-nodes`,
    databaseId: `${base}-db`,
    databaseCluster: `${base}-cluster`,
    databaseGroup: `${base}-db`,
    fileServer: `${base}-files`,
  };
}
