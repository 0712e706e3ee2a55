import { DescribeLockedSnapshotsCommand } from '@aws-sdk/client-ec2';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

/** A lock that holds now. */
export interface SnapshotLock {
  /** `governance`, `compliance` or `compliance-cooloff`. */
  readonly state: string;
  /** Null: EC2 names no end. */
  readonly until: Date | null;
}

/** Which snapshots of a region are locked. Asked without ids: nobody says what happens to ids without a lock. */
export async function findSnapshotLocks(
  dependencies: Dependencies,
  region: string,
): Promise<ReadonlyMap<string, SnapshotLock>> {
  const found = new Map<string, SnapshotLock>();
  let token: string | undefined;
  do {
    const reply = await askAws({ doing: 'list', resource: 'locked snapshots', region }, () =>
      dependencies.aws
        .ec2(region)
        .send(new DescribeLockedSnapshotsCommand(token ? { NextToken: token } : {})),
    );
    for (const { SnapshotId = '', LockState = 'unknown', LockExpiresOn } of reply.Snapshots ?? []) {
      if (LockState !== 'expired') found.set(SnapshotId, { state: LockState, until: LockExpiresOn ?? null });
    }
    token = reply.NextToken;
  } while (token !== undefined && token !== '');
  return found;
}
