import type { ClusterSettings, DatabaseCluster } from '../../cluster';
import { checkClusterReady, checkClusterRetention } from '../../cluster-rules';
import { answerCluster, needCluster } from '../../control';
import type { Control, Operation } from '../../control';
import { SECONDS } from '../../durations';
import { faults } from '../../faults';
import { checkIdentifier, checkPassword } from '../../preconditions';
import type { RdsRequest } from '../../request';
import type { Phase } from '../../transitions';
import { changesOnly, postpone } from '../changes';

/** These wait in PendingModifiedValues for ApplyImmediately or a maintenance window, which the lab never reaches. */
const WAITING: ReadonlySet<keyof ClusterSettings> = new Set(['newId', 'password'] as const);

export const modifyCluster: Operation = async (control, request) => {
  const cluster = needCluster(control, request);
  const { region, id, traits } = cluster;
  const wanted: ClusterSettings = changesOnly<ClusterSettings>({ ...traits, newId: id }, settingsOf(request));
  checkClusterReady(cluster, 'modify');
  if (wanted.retention !== undefined) checkClusterRetention(wanted.retention);
  if (wanted.password !== undefined) checkPassword(wanted.password);
  if (wanted.newId !== undefined) {
    checkIdentifier('NewDBClusterIdentifier', wanted.newId, 63);
    const taken = control.store.clusters.isTaken(region, wanted.newId, control.clock.now());
    if (taken) throw faults.clusterExists();
  }

  const all: ClusterSettings = { ...cluster.pending, ...wanted };
  const immediately = request.flag('ApplyImmediately') ?? false;
  const { now, later } = immediately ? { now: all, later: {} } : postpone(all, WAITING);
  cluster.pending = later;
  if (Object.keys(now).length > 0) {
    control.transitions.start(cluster, { phases: modification(control, cluster, now), final: 'available' });
  }
  return answerCluster(control, cluster);
};

function settingsOf(request: RdsRequest): ClusterSettings {
  const groups = request.list('VpcSecurityGroupIds');
  return {
    newId: request.text('NewDBClusterIdentifier')?.toLowerCase(),
    password: request.text('MasterUserPassword'),
    retention: request.number('BackupRetentionPeriod'),
    deletionProtection: request.flag('DeletionProtection'),
    copyTags: request.flag('CopyTagsToSnapshot'),
    securityGroups: groups.length > 0 ? groups : undefined,
  };
}

function modification(control: Control, cluster: DatabaseCluster, now: ClusterSettings): readonly Phase[] {
  const { newId, ...rest } = now;
  const phases: Phase[] = [];
  if (Object.keys(rest).length > 0) {
    const begin = (): Promise<void> => apply(control, cluster, rest);
    phases.push({ status: 'modifying', seconds: SECONDS.modify, begin });
  }
  if (newId !== undefined) phases.push(renaming(control, cluster, newId));
  return phases;
}

async function apply(control: Control, cluster: DatabaseCluster, settings: ClusterSettings): Promise<void> {
  const { newId: _newId, password, ...direct } = settings;
  Object.assign(cluster.traits, direct);
  const writer = control.store.writerOf(cluster);
  if (password !== undefined) await control.volumes.setPassword(cluster, writer, password);
  if (writer === undefined) return;
  // Its instance shows and obeys what is the cluster's.
  const { retention, securityGroups } = cluster.traits;
  Object.assign(writer.traits, { retention, securityGroups });
  if (direct.securityGroups !== undefined) await control.servers.applyAccess(writer);
}

/**
 * The former endpoint goes at once, for the new one of the new name. The instance keeps its own; that its server
 * restarts for it, with a short break for its clients, is so in the lab only.
 */
function renaming({ clock, servers, store }: Control, cluster: DatabaseCluster, newId: string): Phase {
  return {
    status: 'renaming',
    seconds: SECONDS.rename,
    begin: async () => {
      if (cluster.id !== newId) {
        store.clusters.rename(cluster, newId, clock.now() + SECONDS.freedName * 1000);
        cluster.address = servers.allocate(cluster.region);
      }
      const writer = store.writerOf(cluster);
      if (writer !== undefined) await writer.exclusively(() => servers.answerFor(cluster, writer));
    },
  };
}
