import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { FoundSnapshot } from '../../../workflows/plan/backup/restore-point';
import type { Problem, StepContext } from '../../../workflows/runbook/step';
import { holdBackup } from '../../../workflows/steps/verify';
import type { HoldBackup } from '../../../workflows/steps/verify';
import type { Dependencies } from '../../dependencies';
import { needsPerson } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { lookAgain } from '../pace';
import { actionsOf, listMembers, memberCall, partKind } from './part-kinds';

type Output = { readonly held: number };

/**
 * The tag says at once what the list of open runs says a little later. Of two runs that use a backup the later one's name
 * stands; the other is found by that list, and a closed run holds nothing, whatever a tag says.
 */
export function holdBackupImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<HoldBackup, Output>(holdBackup, {
    actions: [...actionsOf('list'), ...actionsOf('tag'), ...actionsOf('untag')],

    async check(input, context) {
      const found = await findMembers(dependencies, input, context);
      const held = found.filter((one) => isHeld(one, context));
      return {
        state: held.length === input.members.length ? 'done' : 'needed',
        before: {},
        calls: found
          .filter((one) => !isHeld(one, context))
          .map(({ kind, id, place: { region } }) => memberCall(kind, 'tag', { region, target: id })),
        problems: problemsOf(input, found),
        output: { held: input.members.length },
        undo: `remove the tag ${TAGS.usedBy}`,
      };
    },

    async run(input, context) {
      const found = await findMembers(dependencies, input, context);
      for (const member of found.filter((one) => !isHeld(one, context))) {
        const { region } = member.place;
        const tags = { [TAGS.usedBy]: context.run.workflowId };
        await partKind(member.kind).tag(dependencies, region, member, tags);
      }
      return { held: found.length };
    },

    async verify(input, _output, context) {
      const found = await findMembers(dependencies, input, context);
      // Whoever deletes looks for the tag before he marks: one of the two sees the other.
      const [problem] = problemsOf(input, found);
      if (problem !== undefined) throw needsPerson(`${problem.message} ${problem.remedy}`);
      const open = found.filter((one) => !isHeld(one, context)).map(({ id }) => id);
      if (open.length > 0) throw lookAgain(`no tag to be seen yet on ${open.join(', ')}`, context);
      return { output: { held: found.length }, facts: { held: found.map(({ id }) => id).join(', ') } };
    },

    async undo(input, _former, context) {
      const held = (await findMembers(dependencies, input, context)).filter((one) => isHeld(one, context));
      const tag = { Key: TAGS.usedBy, Value: context.run.workflowId };
      for (const member of held) {
        await partKind(member.kind).untag(dependencies, member.place.region, member, tag);
      }
      return { changed: held.length > 0, facts: { released: held.map(({ id }) => id).join(', ') } };
    },
  });
}

/** The members of a backup as they are now, with their tags. */
export async function findMembers(
  dependencies: Dependencies,
  { region, backup, members }: HoldBackup,
  { instance }: StepContext,
): Promise<readonly FoundSnapshot[]> {
  const place = { site: null, region, account: '' };
  const found = await listMembers(dependencies, place, instance, [backup]);
  return found.filter(({ kind, id }) => members.some((one) => one.kind === kind && one.id === id));
}

/** Whether it carries this run's name. */
export function isHeld({ tags }: FoundSnapshot, { run }: StepContext): boolean {
  return tags[TAGS.usedBy] === run.workflowId;
}

function problemsOf({ backup, members, region }: HoldBackup, found: readonly FoundSnapshot[]): Problem[] {
  const gone = members.filter(({ id }) => !found.some((one) => one.id === id)).map(({ id }) => id);
  const leaving = found.filter(({ tags, condition }) => condition === 'leaving' || tags[TAGS.deleting]);
  const what = [
    ...gone.map((id) => `${id} is gone`),
    ...leaving.map(({ id, tags }) => `${id} is being deleted by ${tags[TAGS.deleting] ?? 'somebody'}`),
  ];
  if (what.length === 0) return [];
  return [
    {
      code: 'backupLeaving',
      message: `${backup} in ${region} is not whole any more: ${what.join(', ')}.`,
      remedy: 'Choose another backup.',
    },
  ];
}
