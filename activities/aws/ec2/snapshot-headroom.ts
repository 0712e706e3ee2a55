import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import type { EC2Client, Snapshot } from '@aws-sdk/client-ec2';

import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { notYet } from '../../errors';
import { recall, remember } from '../../runbook/call-scope';
import { askTogether } from '../coalesce';
import { askAws } from '../errors';
import { allPages } from '../pages';

/** A volume of the home, by the type that the estate gives it. */
export interface CapturedVolume {
  readonly id: string;
  readonly type: string;
}

/** How many snapshots were pending when AWS refused another one, in all or of the volumes. */
export interface Refusal {
  readonly of: 'account' | 'volumes';
  readonly pending: number;
}

const REFUSAL = 'snapshotsRefused';
const SCOPES: Readonly<Record<string, Refusal['of']>> = {
  PendingSnapshotLimitExceeded: 'account',
  ConcurrentSnapshotLimitExceeded: 'volumes',
};
/** [A §3.1] Pending snapshots of one volume. The limit of an account is not told: a refusal shows it. */
const PER_VOLUME = 5;
const PER_SLOW_VOLUME = 1;

/**
 * Asked before anything is frozen: a call that will be refused must not hold up users.
 * @throws NotYet while there is no room for another snapshot of each volume
 */
export async function requireHeadroom(
  dependencies: Dependencies,
  region: string,
  volumes: readonly CapturedVolume[],
  context: StepContext,
): Promise<void> {
  const pending = await findPending(dependencies, region);
  const why = lacksRoom(pending, volumes, recall(REFUSAL) as Refusal | undefined);
  if (why !== null) {
    throw notYet(`${why} in ${region}; waiting, nothing is frozen`, context.pace.slowestSeconds);
  }
}

/** Writes down for the next attempt how much was pending when AWS refused the call; other refusals say nothing of it. */
export async function noteRefusal(
  dependencies: Dependencies,
  region: string,
  volumes: readonly CapturedVolume[],
  errorName: string,
): Promise<void> {
  const of = SCOPES[errorName];
  if (of === undefined) return;
  const pending = countOf(of, await findPending(dependencies, region), volumes);
  // What is not seen cannot be waited for: deleted ones count as well, and are not listed.
  remember(REFUSAL, pending === 0 ? undefined : ({ of, pending } satisfies Refusal));
}

/** Why another snapshot of each volume would be refused, one clause; null: it may be made. Pure. */
export function lacksRoom(
  pending: readonly Pick<Snapshot, 'VolumeId'>[],
  volumes: readonly CapturedVolume[],
  refusal: Refusal | undefined,
): string | null {
  for (const { id, type } of volumes) {
    const limit = /^(st1|sc1)$/.test(type) ? PER_SLOW_VOLUME : PER_VOLUME;
    const count = pending.filter(({ VolumeId }) => VolumeId === id).length;
    if (count >= limit) return `${count} snapshots of ${id} are pending, of ${limit} that AWS allows`;
  }
  if (refusal === undefined) return null;
  const count = countOf(refusal.of, pending, volumes);
  if (count < refusal.pending) return null;
  const whose = refusal.of === 'account' ? 'of the account' : 'of the volumes';
  return `${count} snapshots ${whose} are pending, and AWS refused another at ${refusal.pending}`;
}

/** Of several volumes the fullest one is what a call fails by. */
function countOf(
  of: Refusal['of'],
  pending: readonly Pick<Snapshot, 'VolumeId'>[],
  volumes: readonly CapturedVolume[],
): number {
  if (of === 'account') return pending.length;
  return Math.max(0, ...volumes.map(({ id }) => pending.filter(({ VolumeId }) => VolumeId === id).length));
}

/** Asked together with the same question of others. */
async function findPending(dependencies: Dependencies, region: string): Promise<readonly Snapshot[]> {
  const client = dependencies.aws.ec2(region);
  const found = await askAws({ doing: 'list', resource: 'pending snapshots', region }, () =>
    askTogether(
      client,
      'pending snapshots',
      'all',
      async () => new Map([['all', await listPending(client)]]),
    ),
  );
  return found ?? [];
}

function listPending(client: EC2Client): Promise<readonly Snapshot[]> {
  return allPages(async (NextToken) => {
    const reply = await client.send(
      new DescribeSnapshotsCommand({
        OwnerIds: ['self'],
        Filters: [{ Name: 'status', Values: ['pending'] }],
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    );
    return { items: reply.Snapshots, next: reply.NextToken };
  });
}
