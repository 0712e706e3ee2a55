import { CreateTagsCommand, DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { AddTagsToResourceCommand, DeleteDBSnapshotCommand } from '@aws-sdk/client-rds';

import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { FoundSnapshot } from '../../../workflows/plan/backup/restore-point';
import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { needsPerson } from '../../errors';
import { askAws } from '../errors';

/** IAM actions of a removal. */
export const REMOVAL_ACTIONS = [
  'ec2:CreateTags',
  'ec2:DeleteSnapshot',
  'rds:AddTagsToResource',
  'rds:DeleteDBSnapshot',
] as const;

/** Says on every member that its deletion was begun, and by whom. Repeatable. */
export async function markAsDeleting(
  dependencies: Dependencies,
  snapshots: readonly FoundSnapshot[],
  context: StepContext,
): Promise<void> {
  const { workflowId } = context.run;
  const tag = { Key: TAGS.deleting, Value: workflowId };
  const unmarked = snapshots.filter(
    ({ tags, condition }) => tags[TAGS.deleting] !== workflowId && condition !== 'leaving',
  );
  const [first, ...others] = unmarked.filter(({ kind }) => kind === 'ebs');
  if (first !== undefined) {
    const { region } = first.place;
    const ids = [first, ...others].map(({ id }) => id);
    await askAws({ doing: 'mark', resource: ids.join(', '), region }, () =>
      dependencies.aws.ec2(region).send(new CreateTagsCommand({ Resources: ids, Tags: [tag] })),
    );
  }
  for (const { id, arn, place } of unmarked.filter(({ kind }) => kind === 'rds')) {
    await askAws({ doing: 'mark', resource: `database snapshot ${id}`, region: place.region }, () =>
      dependencies.aws
        .rds(place.region)
        .send(new AddTagsToResourceCommand({ ResourceName: arn ?? '', Tags: [tag] })),
    );
  }
}

/** Volumes first: AWS may still refuse those, by a lock or an image. What is gone already is gone. */
export async function removeMembers(
  dependencies: Dependencies,
  snapshots: readonly FoundSnapshot[],
  context: StepContext,
): Promise<void> {
  for (const one of snapshots.filter(({ kind }) => kind === 'ebs')) await removeVolume(dependencies, one);
  for (const one of snapshots.filter(({ kind, condition }) => kind === 'rds' && condition !== 'leaving'))
    await removeDatabase(dependencies, one, context);
}

async function removeVolume(dependencies: Dependencies, { id, place }: FoundSnapshot): Promise<void> {
  const { region } = place;
  await askAws(
    { doing: 'delete', resource: `snapshot ${id}`, region },
    async () => {
      await dependencies.aws.ec2(region).send(new DeleteSnapshotCommand({ SnapshotId: id }));
    },
    {
      notFound: () => undefined,
      invalid: ({ name, message }) => {
        throw needsPerson(
          `AWS refuses to delete snapshot ${id} in ${region}: ${name}: ${message}. End what holds it (a lock, a machine ` +
            'image) and retry, or skip: the restore point stays marked, and the next run goes on with it.',
        );
      },
    },
  );
}

async function removeDatabase(
  dependencies: Dependencies,
  { id, place, status }: FoundSnapshot,
  context: StepContext,
): Promise<void> {
  const { region } = place;
  await askAws(
    { doing: 'delete', resource: `database snapshot ${id}`, region, state: status, pace: context.pace },
    async () => {
      await dependencies.aws.rds(region).send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }));
    },
    { notFound: () => undefined },
  );
}
