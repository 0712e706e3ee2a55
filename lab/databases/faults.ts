import { AwsFault } from '../gateway/overlay';
import { SNAPSHOT_WORD } from './snapshot';
import type { SnapshotKind } from './snapshot';

/** Errors of RDS by their wire codes, as the SDK knows them [A §8]. */
export const faults = {
  noInstance: (id: string) => new AwsFault('DBInstanceNotFound', `DBInstance ${id} not found.`, 404),
  instanceExists: () => new AwsFault('DBInstanceAlreadyExists', 'DB instance already exists'),
  instanceState: (message: string) => new AwsFault('InvalidDBInstanceState', message),
  instanceQuota: () =>
    new AwsFault('InstanceQuotaExceeded', 'DB instance quota exceeded. No more DB instances can be created.'),
  noCluster: (id: string) => new AwsFault('DBClusterNotFoundFault', `DBCluster ${id} not found.`, 404),
  clusterExists: () => new AwsFault('DBClusterAlreadyExistsFault', 'DB Cluster already exists'),
  clusterState: (message: string) => new AwsFault('InvalidDBClusterStateFault', message),
  clusterQuota: () =>
    new AwsFault(
      'DBClusterQuotaExceededFault',
      'DB cluster quota exceeded. No more DB clusters can be created.',
      403,
    ),
  noSnapshot: (kind: SnapshotKind, id: string) =>
    new AwsFault(snapshotCode(kind, 'NotFound'), `${SNAPSHOT_WORD[kind]} ${id} not found.`, 404),
  snapshotExists: (kind: SnapshotKind, id: string) =>
    new AwsFault(
      snapshotCode(kind, 'AlreadyExists'),
      `Cannot create the snapshot because a snapshot with the identifier ${id} already exists.`,
    ),
  snapshotState: (kind: SnapshotKind, message: string) =>
    new AwsFault(`Invalid${snapshotCode(kind, 'State')}`, message),
  snapshotQuota: (limit: number) =>
    new AwsFault(
      'SnapshotQuotaExceeded',
      `Cannot create more than ${limit} manual snapshots; delete some that are not needed.`,
    ),
  /** In the words of a reported one; the code is the same (github.com/pbudzon/aws-maintenance, issue 19). */
  copiesInProgress: (limit: number) =>
    new AwsFault('SnapshotQuotaExceeded', `Cannot copy more than ${limit} snapshots across regions`),
  sharedQuota: (limit: number) =>
    new AwsFault('SharedSnapshotQuotaExceeded', `A snapshot is shared with ${limit} accounts at most.`),
  noKey: (message: string) => new AwsFault('KMSKeyNotAccessibleFault', message),
  noParameterGroup: (name: string) =>
    new AwsFault('DBParameterGroupNotFound', `DBParameterGroup not found: ${name}`, 404),
  noClusterParameterGroup: (name: string) =>
    new AwsFault('DBClusterParameterGroupNotFound', `DBClusterParameterGroup not found: ${name}`, 404),
  noSubnetGroup: (name: string) =>
    new AwsFault('DBSubnetGroupNotFoundFault', `DBSubnetGroup not found: ${name}`, 404),
  value: (message: string) => new AwsFault('InvalidParameterValue', message),
  combination: (message: string) => new AwsFault('InvalidParameterCombination', message),
  missing: (name: string) =>
    new AwsFault('MissingParameter', `The request must contain the parameter ${name}`),
  unavailable: (region: string) =>
    new AwsFault('ServiceUnavailable', `${region} cannot be reached at the moment.`, 503),
} as const;

/** Codes of clusters end in Fault on the wire, those of instances do not. */
function snapshotCode(kind: SnapshotKind, what: string): string {
  return `${SNAPSHOT_WORD[kind]}${what}${kind === 'cluster' ? 'Fault' : ''}`;
}
