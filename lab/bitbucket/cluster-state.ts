import type { Heartbeat } from './heartbeats';

/** The maintenance lock and the external backup under it, shared by all nodes [B §6]. */
export interface Maintenance {
  readonly unlockToken: string;
  readonly owner: string;
  readonly lockedAt: number;
  readonly backup?: {
    readonly cancelToken: string;
    readonly percentage: number;
    readonly state: 'RUNNING' | 'SUCCESSFUL' | 'CANCELED';
  };
}

/** Upgrade mode of a rolling upgrade, shared by all nodes [B §5]. */
export interface Upgrade {
  readonly enabled: boolean;
  readonly originalVersion: string;
  /** Real time, epoch milliseconds, until which upgrade tasks run. */
  readonly tasksUntil?: number;
}

export type ClusterState =
  'STABLE' | 'READY_TO_UPGRADE' | 'MIXED' | 'READY_TO_RUN_UPGRADE_TASKS' | 'RUNNING_UPGRADE_TASKS';

/** State of the cluster in terms of the rolling upgrade [B §5.2, §5.3]; OFFLINE nodes do not count. */
export function decideClusterState(
  upgrade: Upgrade | undefined,
  nodes: readonly Pick<Heartbeat, 'state' | 'version'>[],
  now: number,
): ClusterState {
  if (upgrade?.tasksUntil !== undefined && now < upgrade.tasksUntil) return 'RUNNING_UPGRADE_TASKS';
  const present = nodes.filter((node) => node.state !== 'OFFLINE');
  const versions = new Set(present.map((node) => node.version));
  const mixed = versions.size > 1 || present.some((node) => node.state === 'ERROR');
  if (upgrade?.enabled !== true) return mixed ? 'MIXED' : 'STABLE';
  if (mixed) return 'MIXED';
  return versions.has(upgrade.originalVersion) || versions.size === 0
    ? 'READY_TO_UPGRADE'
    : 'READY_TO_RUN_UPGRADE_TASKS';
}

/** e.g. `8.19.4` → `8019004`, the form of Bitbucket's build numbers. */
export function buildNumber(version: string): string {
  const [major = 0, minor = 0, fix = 0] = version.split('.').map(Number);
  return String(major * 1_000_000 + minor * 1000 + fix);
}
