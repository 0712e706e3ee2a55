import type { Facts, Problem, StepContext, Undone } from '../../../workflows/runbook/step';
import { setDatabaseAside } from '../../../workflows/steps/restore';
import type { SetDatabaseAside } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { isRepeated, lookAgain } from '../pace';
import { lookTwice, noteMet } from '../unsettled';
import { isMarked, mark, unmark } from './aside';
import { isBroken } from './database-status';
import { renamables } from './renamable';
import type { Named, Renamable } from './renamable';

type Output = { readonly asideId: string };

/** One of them under both names. */
interface Look {
  readonly one: Renamable;
  readonly current: Named | undefined;
  readonly aside: Named | undefined;
}

/** [B §13.5 #5, A §5.4] */
export function setDatabaseAsideImplementation(dependencies: Dependencies): StepImplementation {
  const lookAt = async (input: SetDatabaseAside): Promise<readonly Look[]> =>
    Promise.all(renamables(dependencies, input).map(lookAtBoth));
  return implementStep<SetDatabaseAside, Output>(setDatabaseAside, {
    actions: [
      'rds:DescribeDBClusters',
      'rds:DescribeDBInstances',
      'rds:AddTagsToResource',
      'rds:RemoveTagsFromResource',
      'rds:ModifyDBCluster',
      'rds:ModifyDBInstance',
    ],

    async check(input, context) {
      const looks = await lookAt(input);
      const left = looks.filter(({ aside }) => !isMarked(aside, context));
      const resources: Facts = Object.fromEntries(
        looks.map(({ one, current, aside }) => [
          one.fact,
          (isMarked(aside, context) ? aside : current)?.resourceId ?? null,
        ]),
      );
      return {
        state: left.length === 0 ? 'done' : 'needed',
        before: resources,
        calls: left.flatMap(({ one: { region, id, asideId, call } }) => [
          { service: 'rds', region, target: id, action: 'AddTagsToResource' },
          {
            ...{ service: 'rds', region, target: id, action: call.action },
            parameters: { [call.parameter]: asideId, ApplyImmediately: true },
          },
        ]),
        problems: left.flatMap(problemsOf),
        output: { asideId: input.asideId },
        undo: `rename it back to ${input.databaseId}`,
        material: resources,
        notes: looks.flatMap(notesOf),
      };
    },

    async run(input, context) {
      const left = (await lookAt(input)).filter(
        (look) => !isMarked(look.aside, context) && !isRenaming(look),
      );
      const [problem] = left.flatMap(problemsOf);
      if (problem !== undefined) throw terminal(`${problem.message} ${problem.remedy}`);
      for (const { one, current } of left) {
        if (current === undefined) throw lookAgain(`${one.noun} ${one.id} is not visible`, context);
        await mark(dependencies, one, current, input.keepUntil, context);
        await rename(one, { from: one.id, to: one.asideId }, context, async () =>
          isMarked(await one.find(one.asideId), context),
        );
      }
      return { asideId: input.asideId };
    },

    async verify(input, _output, context) {
      const looks = await lookAt(input);
      const asides = looks.map((look) => provenAside(look, context));
      const [instance] = asides;
      return {
        output: { asideId: input.asideId },
        facts: {
          asideId: input.asideId,
          status: instance?.status ?? null,
          resourceId: instance?.resourceId ?? null,
        },
      };
    },

    async undo(input, { before }, context) {
      const undone: Undone[] = [];
      // The cluster first: what is its writer's name comes back into it.
      for (const look of [...(await lookAt(input))].reverse()) {
        undone.push(await renameBack(dependencies, look, before[look.one.fact] ?? null, context));
      }
      return undone.at(-1) ?? { changed: false, facts: {} };
    },
  });
}

async function lookAtBoth(one: Renamable): Promise<Look> {
  const [current, aside] = await Promise.all([one.find(one.id), one.find(one.asideId)]);
  return { one, current, aside };
}

/** @throws NotYet until the former one bears the other name only */
function provenAside({ one, current, aside }: Look, context: StepContext): Named {
  const { noun, id, asideId, region } = one;
  if (!isMarked(aside, context)) throw lookAgain(`${id} is ${show(current)}, not yet ${asideId}`, context);
  const { status } = aside;
  if (isBroken(status)) {
    throw needsPerson(
      `${noun} ${asideId} in ${region} is ${status} after the renaming. Mend it, or skip: the restore does not need it, the way back does.`,
    );
  }
  if (status !== 'available' || current?.resourceId === aside.resourceId) {
    throw lookAgain(`${asideId} is ${status}`, context);
  }
  return aside;
}

async function renameBack(
  dependencies: Dependencies,
  look: Look,
  formerResourceId: string | number | boolean | null,
  context: StepContext,
): Promise<Undone> {
  const { one, current, aside } = look;
  const { noun, id, asideId, region } = one;
  if (isMarked(aside, context)) {
    noteMet();
    if (current !== undefined && current.resourceId !== aside.resourceId) {
      if (current.status === 'deleting') throw lookAgain(`${id} is deleting`, context);
      throw needsPerson(
        `${noun} ${asideId} in ${region} cannot be renamed back: there is another ${id} ` +
          `(${current.status}). Look whose it is; rename or delete it, then retry.`,
      );
    }
    await rename(one, { from: asideId, to: id }, context, async () => {
      const back = await one.find(id);
      return back !== undefined && back.resourceId === formerResourceId;
    });
    throw lookAgain(`${asideId} is being renamed back to ${id}`, context);
  }
  if (current === undefined || current.resourceId !== formerResourceId) {
    throw lookAgain(`neither ${id} nor ${asideId} is the former ${noun} yet`, context);
  }
  const { status } = current;
  if (isRenaming(look) || status === 'renaming') {
    noteMet();
    throw lookAgain(`${id} is ${status}`, context);
  }
  lookTwice(dependencies.aws, `the renaming of ${id}`);
  if (!isMarked(current, context)) return { changed: isRepeated(), facts: { databaseId: id } };
  if (status !== 'available' && !isBroken(status)) throw lookAgain(`${id} is ${status}`, context);
  await unmark(dependencies, one, current);
  return { changed: isRepeated(), facts: { databaseId: id, status } };
}

/** Asks for the other name; what cannot be yet, or was perhaps done by an attempt whose answer was lost, is looked at again. */
async function rename(
  one: Renamable,
  { from, to }: { readonly from: string; readonly to: string },
  context: StepContext,
  isDone: () => Promise<boolean>,
): Promise<void> {
  const { noun, region } = one;
  const again = async (error: { readonly name: string; readonly message: string }): Promise<void> => {
    if (await isDone()) return;
    // The name that a renaming, or a deletion, has freed is refused for some minutes [A §5.4].
    throw lookAgain(`${from} cannot be renamed to ${to} yet: ${error.name}: ${error.message}`, context);
  };
  await askAws(
    { doing: `rename to ${to}`, resource: `${noun} ${from}`, region, pace: context.pace },
    () => one.rename(from, to),
    { busy: again, exists: again, notFound: again },
  );
}

function isRenaming({ one, current }: Look): boolean {
  return current?.pendingId === one.asideId;
}

function problemsOf({ one, current, aside }: Look): Problem[] {
  const { noun, id, asideId, region } = one;
  const what = `${noun === 'database' ? 'Database' : 'Cluster'} ${id} in ${region}`;
  if (aside !== undefined) {
    return [
      {
        code: 'asideNameTaken',
        message: `There is a ${noun} ${asideId} in ${region} already (${aside.status}).`,
        remedy: 'It was not renamed by this run. Start again: the name contains the time of the start.',
      },
    ];
  }
  if (current === undefined) {
    return [
      {
        code: 'databaseNotFound',
        message: `${what} does not exist.`,
        remedy: 'Correct the estate. Where it was deleted, create it from the snapshot by hand.',
      },
    ];
  }
  if (current.source !== null) {
    return [
      {
        code: 'databaseIsReplica',
        message: `${what} is a replica of ${current.source}: this is not the active site.`,
        remedy: 'Restore the active site, and build the replica anew after that.',
      },
    ];
  }
  const { status } = current;
  if (!isBroken(status) && status !== 'stopped') return [];
  return [
    {
      code: 'databaseNotRenamable',
      message: `${what} is ${status}; RDS renames only what is available.`,
      remedy:
        status === 'stopped' ? 'Start it.' : 'Bring it to available, or restore under another name by hand.',
    },
  ];
}

function notesOf({ current }: Look): readonly string[] {
  return (current?.replicas ?? []).map(
    (replica) => `${replica} replicates it, and goes on to replicate what is set aside`,
  );
}

function show(found: Named | undefined): string {
  return found === undefined ? 'not visible' : found.status;
}
