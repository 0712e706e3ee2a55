import { queryReply } from '../gateway/reply';
import type { AwsCall, Handler, Overlay } from '../gateway/overlay';
import type { ApiControl, Operation } from './control';
import { createInstance } from './operations/create';
import { deleteInstance } from './operations/delete';
import { describeInstances, describeSnapshots } from './operations/describe';
import { modifyInstance } from './operations/modify';
import { rebootInstance, startInstance, stopInstance } from './operations/power';
import { promoteReplica, switchoverReplica } from './operations/promote';
import { createReplica } from './operations/replicate';
import { restoreInstance } from './operations/restore';
import { describeSnapshotAttributes, modifySnapshotAttribute } from './operations/share';
import { copySnapshot, createSnapshot, deleteSnapshot } from './operations/snapshot';
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
  CopyDBSnapshot: copySnapshot,
  DeleteDBSnapshot: deleteSnapshot,
  ModifyDBSnapshotAttribute: modifySnapshotAttribute,
  DescribeDBSnapshotAttributes: describeSnapshotAttributes,
  RestoreDBInstanceFromDBSnapshot: restoreInstance,
};

/** RDS whose instances are real servers. Instances and snapshots are kept here alone; groups stay in the emulator. */
export function rdsOverlay(control: ApiControl): Overlay {
  const handlers: Record<string, Handler> = {};
  for (const [action, operation] of Object.entries(OPERATIONS)) {
    handlers[action] = async (call) => queryReply(call, await operation(control, new RdsRequest(call)));
  }
  handlers.DescribeDBInstances = async (call) => queryReply(call, await describeInstances(control, call));
  handlers.DescribeDBSnapshots = async (call) => queryReply(call, await describeSnapshots(control, call));
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
