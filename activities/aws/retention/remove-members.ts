import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { FoundSnapshot } from '../../../workflows/plan/backup/restore-point';
import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { actionsOf, partKind } from '../backup/part-kinds';

/** IAM actions of a removal. */
export const REMOVAL_ACTIONS = [...actionsOf('tag'), ...actionsOf('discard')];

/** Says on every member that its deletion was begun, and by whom. Repeatable. */
export async function markAsDeleting(
  dependencies: Dependencies,
  snapshots: readonly FoundSnapshot[],
  { run: { workflowId } }: StepContext,
): Promise<void> {
  const unmarked = snapshots.filter(
    ({ tags, condition }) => tags[TAGS.deleting] !== workflowId && condition !== 'leaving',
  );
  for (const one of unmarked) {
    await partKind(one.kind).tag(dependencies, one.place.region, one, { [TAGS.deleting]: workflowId });
  }
}

/** Volumes first: AWS may still refuse those, by a lock or an image. What is gone already is gone. */
export async function removeMembers(
  dependencies: Dependencies,
  snapshots: readonly FoundSnapshot[],
  context: StepContext,
): Promise<void> {
  const volumes = snapshots.filter(({ kind }) => kind === 'ebs');
  const others = snapshots.filter(({ kind }) => kind !== 'ebs');
  for (const one of [...volumes, ...others]) await partKind(one.kind).discard(dependencies, one, context);
}
