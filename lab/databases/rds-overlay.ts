import { queryReply } from '../gateway/reply';
import type { AwsCall, Handler, Overlay } from '../gateway/overlay';
import type { ApiControl, Operation } from './control';
import { createCluster } from './operations/clusters/create';
import { deleteCluster } from './operations/clusters/delete';
import { describeClusters, describeClusterSnapshots } from './operations/clusters/describe';
import { modifyCluster } from './operations/clusters/modify';
import { restoreCluster } from './operations/clusters/restore';
import { createClusterSnapshot } from './operations/clusters/snapshot';
import { copySnapshot, deleteSnapshot } from './operations/copy-snapshot';
import { createInstance } from './operations/create';
import { deleteInstance } from './operations/delete';
import { describeInstances, describeSnapshots } from './operations/describe';
import { modifyInstance } from './operations/modify';
import { rebootInstance, startInstance, stopInstance } from './operations/power';
import { promoteReplica, switchoverReplica } from './operations/promote';
import { createReplica } from './operations/replicate';
import { restoreInstance } from './operations/restore';
import { describeSnapshotAttributes, modifySnapshotAttribute } from './operations/share';
import { createSnapshot } from './operations/snapshot';
import { addTags, findTagged, listTags, removeTags } from './operations/tags';
import { RdsRequest } from './request';

const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateDBInstance: createInstance,
  CreateDBInstanceReadReplica: createReplica,
  PromoteReadReplica: promoteReplica,
  SwitchoverReadReplica: switchoverReplica,
  ModifyDBInstance: modifyInstance,
  RebootDBInstance: rebootInstance,
  StartDBInstance: startInstance,
  StopDBInstance: stopInstance,
  DeleteDBInstance: deleteInstance,
  CreateDBSnapshot: createSnapshot,
  CopyDBSnapshot: copySnapshot('instance'),
  DeleteDBSnapshot: deleteSnapshot('instance'),
  ModifyDBSnapshotAttribute: modifySnapshotAttribute('instance'),
  DescribeDBSnapshotAttributes: describeSnapshotAttributes('instance'),
  RestoreDBInstanceFromDBSnapshot: restoreInstance,
  CreateDBCluster: createCluster,
  ModifyDBCluster: modifyCluster,
  DeleteDBCluster: deleteCluster,
  CreateDBClusterSnapshot: createClusterSnapshot,
  CopyDBClusterSnapshot: copySnapshot('cluster'),
  DeleteDBClusterSnapshot: deleteSnapshot('cluster'),
  ModifyDBClusterSnapshotAttribute: modifySnapshotAttribute('cluster'),
  DescribeDBClusterSnapshotAttributes: describeSnapshotAttributes('cluster'),
  RestoreDBClusterFromSnapshot: restoreCluster,
};

/** RDS whose instances are real servers. Instances, clusters and snapshots are kept here alone; groups stay in the emulator. */
export function rdsOverlay(control: ApiControl): Overlay {
  const handlers: Record<string, Handler> = {};
  for (const [action, operation] of Object.entries(OPERATIONS)) {
    handlers[action] = async (call) => queryReply(call, await operation(control, new RdsRequest(call)));
  }
  handlers.DescribeDBInstances = async (call) => queryReply(call, await describeInstances(control, call));
  handlers.DescribeDBSnapshots = async (call) => queryReply(call, await describeSnapshots(control, call));
  handlers.DescribeDBClusters = async (call) => queryReply(call, await describeClusters(control, call));
  handlers.DescribeDBClusterSnapshots = async (call) =>
    queryReply(call, await describeClusterSnapshots(control, call));
  handlers.AddTagsToResource = onTags(control, addTags);
  handlers.RemoveTagsFromResource = onTags(control, removeTags);
  handlers.ListTagsForResource = onTags(control, listTags);
  return { service: 'rds', handlers };
}

function onTags(
  control: ApiControl,
  work: (tagged: { tags: Readonly<Record<string, string>> }, request: RdsRequest) => object,
): Handler {
  return async (call: AwsCall, forward) => {
    const request = new RdsRequest(call);
    const tagged = findTagged(control, request);
    return tagged === undefined ? forward() : queryReply(call, work(tagged, request));
  };
}
