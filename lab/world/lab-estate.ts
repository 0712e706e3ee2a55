import { stringify } from 'yaml';

import type { EstateInput } from '../../estate/schema';
import {
  BACKUP_BUCKET,
  DATABASE_NAME,
  DATABASE_USER,
  EXPORT_TO,
  HOME_DEVICE,
  INSTANCE,
  NODE_PORT,
  PROBE_REPOSITORY,
  PROPERTIES_PARAMETER,
  SEARCH,
  SERVICE_NAME,
  SERVICE_PORT,
} from './layout';
import type { PlaceLayout, SiteLayout } from './layout';
import { REGIONS } from './network';
import { labPolicy } from './lab-policy';
import { USERS } from './secrets';

/** What Bitbucket runs on in one place, as it was built. */
export interface BuiltPlace {
  readonly layout: PlaceLayout;
  readonly fileServerId: string;
  /** Absolute path of the shared home on the file server. */
  readonly mountPoint: string;
  readonly databaseGroupId: string;
}

/** One site as it was built. */
export interface BuiltSite extends BuiltPlace {
  readonly layout: SiteLayout;
  readonly loadBalancerDns: string;
}

export interface LabEstateOptions {
  readonly scale: number;
  readonly zoneId: string;
  readonly ttlSeconds: number;
  /** `host:port` of the lab's name server. */
  readonly resolver: string;
  readonly nodes: number;
  readonly sites: readonly BuiltSite[];
  readonly drill?: BuiltPlace | undefined;
  /** The databases are Aurora clusters. */
  readonly aurora: boolean;
  /** Addresses of the sites' search servers, in a world that has them. */
  readonly search?: Readonly<Record<SiteLayout['name'], string>> | undefined;
}

/** People who may answer in a lab. Two operators, because the one who started a run does not count. */
const PEOPLE: NonNullable<EstateInput['people']> = [
  { name: 'ada', roles: ['operator'] },
  { name: 'grace', roles: ['operator'] },
  { name: 'linus', roles: ['operator'] },
  { name: 'margaret', roles: ['manager'] },
  { name: 'katherine', roles: ['manager'] },
];

/** The lab as an operator would describe it. */
export function labEstate(options: LabEstateOptions): EstateInput {
  const { nodes, aurora, search } = options;
  return {
    instances: {
      [INSTANCE]: {
        url: `http://${SERVICE_NAME}:${SERVICE_PORT}`,
        dns: {
          zoneId: options.zoneId,
          name: SERVICE_NAME,
          ttlSeconds: options.ttlSeconds,
          resolvers: [options.resolver],
        },
        credentials: {
          administrator: { username: USERS.administrator, password: 'env:BITBUCKET_ADMIN_PASSWORD' },
          probe: { username: USERS.probe, password: 'env:BITBUCKET_PROBE_PASSWORD' },
          database: { username: DATABASE_USER, password: 'env:BITBUCKET_DATABASE_PASSWORD' },
        },
        probeRepository: { ...PROBE_REPOSITORY },
        databaseName: DATABASE_NAME,
        backup: {
          store: { bucket: BACKUP_BUCKET, region: REGIONS.standby },
          copies: [{ site: 'standby' }],
          ...(options.drill === undefined ? {} : { drill: describeDrill(options.drill, aurora) }),
        },
        sites: Object.fromEntries(
          options.sites.map((site) => [
            site.layout.name,
            {
              ...describe(site, nodes, aurora),
              ...(search === undefined ? {} : { search: describeSearch(search[site.layout.name]) }),
            },
          ]),
        ),
      },
    },
    people: PEOPLE,
    policy: labPolicy(options.scale),
    // The lab's server is outside of every disaster that it knows.
    placement: { temporal: Object.values(REGIONS) },
  };
}

export function estateText(estate: EstateInput): string {
  return `# The lab as an estate; written by the lab at its start.\n${stringify(estate)}`;
}

type SiteInput = EstateInput['instances'][string]['sites'][string];
type DrillInput = NonNullable<NonNullable<EstateInput['instances'][string]['backup']>['drill']>;

function describeDrill(drill: BuiltPlace, aurora: boolean): DrillInput {
  const { layout, databaseGroupId } = drill;
  return {
    region: layout.region,
    stack: { name: layout.stack, propertiesParameter: PROPERTIES_PARAMETER },
    nodes: { autoScalingGroup: layout.autoScalingGroup, port: NODE_PORT },
    fileServer: describeFileServer(drill),
    database: {
      ...describeDatabase(layout, aurora),
      ...{ instanceClass: aurora ? 'db.r6g.large' : 'db.m5.large', subnetGroup: 'default' },
      securityGroups: [databaseGroupId],
    },
  };
}

function describeDatabase(
  { databaseId, databaseCluster }: PlaceLayout,
  aurora: boolean,
): { id: string; cluster?: string } {
  return { id: databaseId, ...(aurora ? { cluster: databaseCluster } : {}) };
}

function describeFileServer({ fileServerId, mountPoint }: BuiltPlace): SiteInput['fileServer'] {
  return {
    instanceId: fileServerId,
    sharedHome: mountPoint,
    exportPath: mountPoint,
    exportTo: EXPORT_TO,
    owner: 'bitbucket',
    volumes: { home: { device: HOME_DEVICE, mountPoint, type: 'gp3' } },
  };
}

/** The index is the one that the estate takes unless told. */
function describeSearch(url: string): NonNullable<SiteInput['search']> {
  const credentials = { username: USERS.search, password: 'env:SEARCH_PASSWORD' };
  return { url, repository: SEARCH.repository, credentials };
}

function describe(site: BuiltSite, nodes: number, aurora: boolean): SiteInput {
  const { layout } = site;
  return {
    region: layout.region,
    stack: { name: layout.stack, propertiesParameter: PROPERTIES_PARAMETER },
    nodes: { autoScalingGroup: layout.autoScalingGroup, count: nodes, port: NODE_PORT },
    fileServer: describeFileServer(site),
    database: {
      ...describeDatabase(layout, aurora),
      multiAz: true,
      backupRetentionDays: 7,
      deletionProtection: true,
      securityGroups: [site.databaseGroupId],
    },
    loadBalancer: { kind: 'classic', name: layout.loadBalancer },
    alarms: [...layout.alarms],
  };
}
