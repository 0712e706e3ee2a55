import { AwsFault } from '../gateway/overlay';

/** Errors of RDS by their wire codes, as the SDK knows them [A §8]. */
export const faults = {
  noInstance: (id: string) => new AwsFault('DBInstanceNotFound', `DBInstance ${id} not found.`, 404),
  instanceExists: () => new AwsFault('DBInstanceAlreadyExists', 'DB instance already exists'),
  instanceState: (message: string) => new AwsFault('InvalidDBInstanceState', message),
  instanceQuota: () =>
    new AwsFault('InstanceQuotaExceeded', 'DB instance quota exceeded. No more DB instances can be created.'),
  noSnapshot: (id: string) => new AwsFault('DBSnapshotNotFound', `DBSnapshot ${id} not found.`, 404),
  snapshotExists: (id: string) =>
    new AwsFault(
      'DBSnapshotAlreadyExists',
      `Cannot create the snapshot because a snapshot with the identifier ${id} already exists.`,
    ),
  snapshotState: (message: string) => new AwsFault('InvalidDBSnapshotState', message),
  snapshotQuota: (limit: number) =>
    new AwsFault(
      'SnapshotQuotaExceeded',
      `Cannot create more than ${limit} manual snapshots; delete some that are not needed.`,
    ),
  sharedQuota: (limit: number) =>
    new AwsFault('SharedSnapshotQuotaExceeded', `A snapshot is shared with ${limit} accounts at most.`),
  noKey: (message: string) => new AwsFault('KMSKeyNotAccessibleFault', message),
  noParameterGroup: (name: string) =>
    new AwsFault('DBParameterGroupNotFound', `DBParameterGroup not found: ${name}`, 404),
  noSubnetGroup: (name: string) =>
    new AwsFault('DBSubnetGroupNotFoundFault', `DBSubnetGroup not found: ${name}`, 404),
  value: (message: string) => new AwsFault('InvalidParameterValue', message),
  combination: (message: string) => new AwsFault('InvalidParameterCombination', message),
  missing: (name: string) =>
    new AwsFault('MissingParameter', `The request must contain the parameter ${name}`),
  unavailable: (region: string) =>
    new AwsFault('ServiceUnavailable', `${region} cannot be reached at the moment.`, 503),
} as const;
