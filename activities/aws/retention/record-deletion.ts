import type { DeletionRecord } from '../../../workflows/plan/backup/manifest';
import { backupPrefix, deletionEnding, deletionKey } from '../../../workflows/plan/backup/object-keys';
import { placeKey } from '../../../workflows/plan/backup/restore-point';
import type { StepContext } from '../../../workflows/runbook/step';
import type { DeleteRestorePoint } from '../../../workflows/steps/restore-points';
import type { Dependencies } from '../../dependencies';
import { writeRecord } from '../backup/records';
import { stableToken } from '../ownership';
import { listObjects } from '../s3/list-objects';

/**
 * Writes down that the members in a place were deleted on purpose: once, whatever becomes of the answers.
 * @returns the key of the record
 */
export async function recordDeletion(
  dependencies: Dependencies,
  input: DeleteRestorePoint,
  context: StepContext,
): Promise<string> {
  const written = await findRecord(dependencies, input, context);
  if (written !== undefined) return written;
  const { backup, place, reason, store } = input;
  const { workflowId, runId } = context.run;
  const at = new Date().toISOString();
  const record: DeletionRecord = {
    record: 'deletion',
    backup,
    at,
    place,
    reason,
    run: { workflowId, runId },
  };
  const stamp = at.replace(/[-:]|\.\d+/g, '');
  const key = deletionKey(store, context.instance, backup, { ...nameOf(input, context), stamp });
  await writeRecord(dependencies, store, key, record);
  return key;
}

/** Key of the record that this step wrote; undefined when there is none yet. */
export async function findRecord(
  dependencies: Dependencies,
  input: DeleteRestorePoint,
  context: StepContext,
): Promise<string | undefined> {
  const folder = `${backupPrefix(input.store, context.instance, input.backup)}records/`;
  const ending = deletionEnding(nameOf(input, context));
  const objects = await listObjects(dependencies, input.store, folder);
  return objects.map(({ key }) => key).find((key) => key.endsWith(ending));
}

function nameOf({ backup, place, orphan }: DeleteRestorePoint, context: StepContext) {
  const { region, account } = place;
  return { region, account, orphan, token: stableToken(context, backup, placeKey(place)).slice(0, 12) };
}
