import type { Calendar } from '../clock/calendar';
import type { VirtualClock } from '../clock/virtual-clock';
import type { AccountResources } from './account';
import type { DatabaseCluster } from './cluster';
import { faults } from './faults';
import type { DatabaseInstance } from './instance';
import type { InstanceFacts } from './preconditions';
import type { Regions } from './regions';
import { renderInstance } from './render';
import { renderCluster } from './render-cluster';
import type { Replication } from './render';
import { parseName } from './request';
import type { RdsRequest } from './request';
import type { Servers } from './servers';
import type { Store } from './store';
import type { Phase, Transitions } from './transitions';
import type { Volumes } from './volumes';
import { SECONDS } from './durations';

/** What every operation of the emulated RDS works with. */
export interface Control {
  readonly clock: VirtualClock;
  readonly calendar: Calendar;
  readonly regions: Regions;
  readonly servers: Servers;
  readonly volumes: Volumes;
  readonly store: Store;
  readonly transitions: Transitions;
}

export interface ApiControl extends Control {
  readonly account: AccountResources;
}

/** An operation: refuses with an `AwsFault` before it changes anything, and answers the content of the reply. */
export type Operation = (control: ApiControl, request: RdsRequest) => Promise<object>;

/** @throws AwsFault DBInstanceNotFound */
export function needInstance(control: Control, request: RdsRequest): DatabaseInstance {
  const given = request.need('DBInstanceIdentifier');
  const { region, id } = parseName(given, 'db', request.region);
  const found = region === request.region ? control.store.instances.get(region, id) : undefined;
  if (found === undefined) throw faults.noInstance(given);
  return found;
}

/** @throws AwsFault DBClusterNotFoundFault */
export function needCluster(control: Control, request: RdsRequest): DatabaseCluster {
  const given = request.need('DBClusterIdentifier');
  const { region, id } = parseName(given, 'cluster', request.region);
  const found = region === request.region ? control.store.clusters.get(region, id) : undefined;
  if (found === undefined) throw faults.noCluster(given);
  return found;
}

export function factsOf(control: Control, instance: DatabaseInstance): InstanceFacts {
  return {
    id: instance.id,
    status: instance.status,
    retention: instance.traits.retention,
    isReplica: instance.source !== undefined,
    isSource: control.store.replicasOf(instance).length > 0,
    cluster: instance.cluster?.id,
    encrypted: instance.traits.encrypted,
    deletionProtection: instance.traits.deletionProtection,
  };
}

/** The instance as the API shows it. */
export async function viewInstance(control: Control, instance: DatabaseInstance): Promise<object> {
  const { source } = instance;
  return renderInstance(instance, {
    status: control.transitions.shownStatus(instance),
    replicas: control.store.replicasOf(instance),
    source: source === undefined ? undefined : control.store.byResourceId(source.resourceId),
    replication: await replicationOf(instance),
  });
}

/** The state of a mutating call's reply: never stale, as the service itself has just set it. */
export async function answerInstance(
  control: Control,
  instance: DatabaseInstance,
): Promise<{ readonly DBInstance: object }> {
  return { DBInstance: { ...(await viewInstance(control, instance)), DBInstanceStatus: instance.status } };
}

/** The cluster as the API shows it. */
export function viewCluster(control: Control, cluster: DatabaseCluster): object {
  const status = control.transitions.shownStatus(cluster);
  return renderCluster(cluster, { status, writer: control.store.writerOf(cluster) });
}

/** As `answerInstance`. */
export function answerCluster(control: Control, cluster: DatabaseCluster): { readonly DBCluster: object } {
  return { DBCluster: { ...viewCluster(control, cluster), Status: cluster.status } };
}

/** Asked from the standby itself: does it receive the stream now? */
async function replicationOf(instance: DatabaseInstance): Promise<Replication | undefined> {
  const { source } = instance;
  if (source === undefined || !instance.reachable) return undefined;
  if (instance.sourceGone) {
    return { status: 'terminated', message: `The source ${source.id} was deleted.` };
  }
  if (!instance.server.alive) return undefined;
  const rows = await instance.server
    .query<{ status: string }>('select status from pg_stat_wal_receiver', [], { timeoutMs: 2000 })
    .catch(() => []);
  if (rows[0]?.status === 'streaming') return { status: 'replicating', message: '' };
  return { status: 'error', message: `The replica receives nothing from its source ${source.id}.` };
}

/** The first backup follows wherever backups have just been switched on. */
export function backupPhase(retention: number): readonly Phase[] {
  return retention > 0 ? [{ status: 'backing-up', seconds: SECONDS.backup }] : [];
}
