import { REGIONS } from '../../world/network';

/** Superuser of every server; only over the socket in the lab's own directory, as on RDS where nobody else is one. */
export const ADMINISTRATOR = 'rdsadmin';
export const PORT = 5432;

/** Role that a replica in a region streams as, so that one region's replicas can be cut off without the others. */
export function replicationRole(region: string): string {
  return `rdsrepladmin_${region.replaceAll('-', '_')}`;
}

export const REPLICATION_ROLES: readonly string[] = Object.values(REGIONS).map(replicationRole);

export interface Upstream {
  readonly host: string;
  readonly role: string;
  readonly password: string;
}

/** How the data directory is to be understood at the next start. */
export type Role =
  | { readonly kind: 'primary' }
  /** Recover the backup that the directory is, on a new timeline. */
  | { readonly kind: 'restored' }
  | { readonly kind: 'standby'; readonly upstream: Upstream };

/**
 * postgresql.conf. Nothing is synced to disk, because a lab survives the death of its processes, not of its machine;
 * commits are still written before they are acknowledged, so a killed server loses none. Limits are equal everywhere:
 * a standby must not have lower ones than its source. Addresses are given at the start, since a rename changes them.
 */
export function serverSettings(role: Role): string {
  const settings: Readonly<Record<string, string | number>> = {
    max_connections: 50,
    shared_buffers: '16MB',
    fsync: 'off',
    jit: 'off',
    max_worker_processes: 2,
    max_parallel_workers: 0,
    wal_level: 'replica',
    max_wal_senders: 10,
    wal_keep_size: '256MB',
    max_wal_size: '256MB',
    min_wal_size: '16MB',
    hot_standby: 'on',
    wal_receiver_status_interval: '1s',
    wal_receiver_timeout: '10s',
    wal_sender_timeout: '10s',
    wal_retrieve_retry_interval: '500ms',
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(role.kind === 'standby' ? { primary_conninfo: connectionTo(role.upstream) } : {}),
    // The recovery finds all it needs in pg_wal, but insists on a command.
    ...(role.kind === 'restored' ? { restore_command: 'false' } : {}),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'\n`)
    .join('');
}

function connectionTo(upstream: Upstream): string {
  const { host, role, password } = upstream;
  return `host=${host} port=${PORT} user=${role} password=${password} connect_timeout=3`;
}

export interface Access {
  /** False: the security groups let nobody in, neither clients nor replicas. */
  readonly open: boolean;
  /** Replication roles of the regions that cannot be reached at the moment. */
  readonly cutOff: readonly string[];
}

/** pg_hba.conf; the first line that matches decides. */
export function accessRules(access: Access): string {
  const rules = [
    `local all ${ADMINISTRATOR} trust`,
    `local replication ${ADMINISTRATOR} trust`,
    `host all ${ADMINISTRATOR} all reject`,
    ...access.cutOff.map((role) => `host replication ${role} all reject`),
    ...(access.open
      ? ['host replication all all scram-sha-256', 'host all all all scram-sha-256']
      : ['host replication all all reject', 'host all all all reject']),
  ];
  return `${rules.join('\n')}\n`;
}
