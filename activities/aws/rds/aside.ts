import { AddTagsToResourceCommand, RemoveTagsFromResourceCommand } from '@aws-sdk/client-rds';
import type { DBInstance } from '@aws-sdk/client-rds';

import type { StepContext } from '../../../workflows/runbook/step';
import type { SetDatabaseAside } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';
import { tagValue } from '../ownership';

const REPLACED_BY = 'runbooks:replaced-by';
const FORMER_ID = 'runbooks:former-id';
const KEEP_UNTIL = 'runbooks:keep-until';

/** Whether this run is setting, or has set, the database aside; the tag stays with it through the renaming. */
export function isMarked(instance: DBInstance | undefined, context: StepContext): instance is DBInstance {
  return tagValue(instance?.TagList, REPLACED_BY) === context.run.workflowId;
}

export async function mark(
  dependencies: Dependencies,
  { region, databaseId, keepUntil }: SetDatabaseAside,
  instance: DBInstance,
  context: StepContext,
): Promise<void> {
  const tags = [
    { Key: REPLACED_BY, Value: context.run.workflowId },
    { Key: FORMER_ID, Value: databaseId },
    { Key: KEEP_UNTIL, Value: keepUntil },
  ];
  await askAws({ doing: 'tag', resource: `database ${databaseId}`, region }, () =>
    dependencies.aws
      .rds(region)
      .send(new AddTagsToResourceCommand({ ResourceName: arnOf(instance), Tags: tags })),
  );
}

export async function unmark(
  dependencies: Dependencies,
  { region, databaseId }: SetDatabaseAside,
  instance: DBInstance,
): Promise<void> {
  await askAws({ doing: 'remove the tags of', resource: `database ${databaseId}`, region }, () =>
    dependencies.aws.rds(region).send(
      new RemoveTagsFromResourceCommand({
        ResourceName: arnOf(instance),
        TagKeys: [REPLACED_BY, FORMER_ID, KEEP_UNTIL],
      }),
    ),
  );
}

function arnOf(instance: DBInstance): string {
  if (instance.DBInstanceArn === undefined) throw new Error('RDS told no ARN of a database');
  return instance.DBInstanceArn;
}
