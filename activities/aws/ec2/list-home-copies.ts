import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import type { Snapshot } from '@aws-sdk/client-ec2';

import { TAGS } from '../../../workflows/plan/backup/manifest';
import { listHomeCopies } from '../../../workflows/steps/list-home-copies';
import type { HomeCopy } from '../../../workflows/steps/list-home-copies';
import type { Dependencies } from '../../dependencies';
import { implementObservation } from '../../implement';
import type { ObservationImplementation } from '../../implement';
import { askAws } from '../errors';
import { tagValue } from '../ownership';

export function listHomeCopiesImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation(listHomeCopies, ['ec2:DescribeSnapshots'], async ({ region, instance }) => {
    const copies: HomeCopy[] = [];
    const ignored: string[] = [];
    let token: string | undefined;
    do {
      const reply = await askAws({ doing: 'list', resource: `home copies of ${instance}`, region }, () =>
        dependencies.aws.ec2(region).send(
          new DescribeSnapshotsCommand({
            // Always filtered: a region holds up to 100,000 snapshots.
            OwnerIds: ['self'],
            Filters: [{ Name: 'tag:runbooks:instance', Values: [instance] }],
            ...(token ? { NextToken: token } : {}),
          }),
        ),
      );
      for (const snapshot of reply.Snapshots ?? []) {
        const copy = homeCopyOf(snapshot);
        if (typeof copy === 'string') ignored.push(copy);
        else copies.push(copy);
      }
      token = reply.NextToken;
    } while (token !== undefined && token !== '');
    return { copies, ignored };
  });
}

/** The copy that a snapshot's tags describe, or why it is none. */
export function homeCopyOf(snapshot: Snapshot): HomeCopy | string {
  const id = snapshot.SnapshotId ?? 'snapshot without an id';
  const backup = tagValue(snapshot.Tags, 'runbooks:backup');
  const volume = tagValue(snapshot.Tags, 'runbooks:volume');
  const members = (tagValue(snapshot.Tags, 'runbooks:members') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const deleting = tagValue(snapshot.Tags, TAGS.deleting);
  const captured = Date.parse(tagValue(snapshot.Tags, 'runbooks:captured-at') ?? '');
  const wrong = [
    ...(backup ? [] : ['no runbooks:backup']),
    ...(volume ? [] : ['no runbooks:volume']),
    ...(volume && members.includes(volume) ? [] : ['runbooks:members does not name its volume']),
    ...(Number.isNaN(captured) ? ['runbooks:captured-at is no time'] : []),
    ...(deleting ? [`being deleted by ${deleting}`] : []),
  ];
  if (!backup || !volume || wrong.length > 0) return `${id}: ${wrong.join(', ')}`;
  return {
    snapshotId: id,
    backup,
    volume,
    members,
    capturedAt: new Date(captured).toISOString(),
    state: snapshot.State ?? 'unknown',
    sizeGiB: snapshot.VolumeSize ?? 0,
    ...failureOf(tagValue(snapshot.Tags, TAGS.verification)),
  };
}

/** @param tag e.g. `failed 2026-11-21T16:00:00.000Z` */
function failureOf(tag: string | undefined): Pick<HomeCopy, 'failedVerificationAt'> {
  const [result, at = 'an unknown time'] = (tag ?? '').split(' ');
  return result === 'failed' ? { failedVerificationAt: at } : {};
}
