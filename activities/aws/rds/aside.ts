import { AddTagsToResourceCommand, RemoveTagsFromResourceCommand } from '@aws-sdk/client-rds';

import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';
import { tagValue } from '../ownership';
import type { Named, Renamable } from './renamable';

const REPLACED_BY = 'runbooks:replaced-by';
const FORMER_ID = 'runbooks:former-id';
const KEEP_UNTIL = 'runbooks:keep-until';

/** Whether this run is setting, or has set, it aside; the tag stays with it through the renaming. */
export function isMarked(found: Named | undefined, context: StepContext): found is Named {
  return tagValue(found?.tags, REPLACED_BY) === context.run.workflowId;
}

/** @param keepUntil ISO 8601 */
export async function mark(
  dependencies: Dependencies,
  { noun, region, id }: Renamable,
  { arn }: Named,
  keepUntil: string,
  context: StepContext,
): Promise<void> {
  const tags = [
    { Key: REPLACED_BY, Value: context.run.workflowId },
    { Key: FORMER_ID, Value: id },
    { Key: KEEP_UNTIL, Value: keepUntil },
  ];
  await askAws({ doing: 'tag', resource: `${noun} ${id}`, region }, () =>
    dependencies.aws
      .rds(region)
      .send(new AddTagsToResourceCommand({ ResourceName: needArn(arn), Tags: tags })),
  );
}

export async function unmark(
  dependencies: Dependencies,
  { noun, region, id }: Renamable,
  { arn }: Named,
): Promise<void> {
  await askAws({ doing: 'remove the tags of', resource: `${noun} ${id}`, region }, () =>
    dependencies.aws.rds(region).send(
      new RemoveTagsFromResourceCommand({
        ResourceName: needArn(arn),
        TagKeys: [REPLACED_BY, FORMER_ID, KEEP_UNTIL],
      }),
    ),
  );
}

function needArn(arn: string): string {
  if (arn === '') throw new Error('RDS told no ARN of a database');
  return arn;
}
