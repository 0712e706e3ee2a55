import { ModifyDBInstanceCommand } from '@aws-sdk/client-rds';
import type { DBInstance } from '@aws-sdk/client-rds';

import type { Problem, StepContext } from '../../../workflows/runbook/step';
import { setDatabaseAside } from '../../../workflows/steps/restore';
import type { SetDatabaseAside } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { isRepeated, lookAgain } from '../pace';
import { isMarked, mark, unmark } from './aside';
import { isBroken, sourceOf, statusOf } from './database-status';
import { findDatabase } from './find-database';

type Output = { readonly asideId: string };

/** [B §13.5 #5, A §5.4] */
export function setDatabaseAsideImplementation(dependencies: Dependencies): StepImplementation {
  const bothOf = (input: SetDatabaseAside) =>
    Promise.all([
      findDatabase(dependencies, input.region, input.databaseId),
      findDatabase(dependencies, input.region, input.asideId),
    ]);
  return implementStep<SetDatabaseAside, Output>(setDatabaseAside, {
    actions: [
      'rds:DescribeDBInstances',
      'rds:AddTagsToResource',
      'rds:RemoveTagsFromResource',
      'rds:ModifyDBInstance',
    ],

    async check(input, context) {
      const [current, aside] = await bothOf(input);
      const done = isMarked(aside, context);
      const call = { service: 'rds', region: input.region, target: input.databaseId };
      return {
        state: done ? 'done' : 'needed',
        before: { resourceId: (done ? aside : current)?.DbiResourceId ?? null },
        calls: done
          ? []
          : [
              { ...call, action: 'AddTagsToResource' },
              {
                ...call,
                action: 'ModifyDBInstance',
                parameters: { NewDBInstanceIdentifier: input.asideId, ApplyImmediately: true },
              },
            ],
        problems: done ? [] : problemsOf(input, current, aside),
        output: { asideId: input.asideId },
        undo: `rename it back to ${input.databaseId}`,
        material: { resourceId: (done ? aside : current)?.DbiResourceId ?? null },
        notes: notesOf(current),
      };
    },

    async run(input, context) {
      const [current, aside] = await bothOf(input);
      if (isMarked(aside, context) || isRenaming(input, current)) return { asideId: input.asideId };
      const [problem] = problemsOf(input, current, aside);
      if (problem !== undefined) throw terminal(`${problem.message} ${problem.remedy}`);
      if (current === undefined) throw lookAgain(`database ${input.databaseId} is not visible`, context);
      await mark(dependencies, input, current, context);
      await rename(dependencies, input, { from: input.databaseId, to: input.asideId }, context, async () =>
        isMarked(await findDatabase(dependencies, input.region, input.asideId), context),
      );
      return { asideId: input.asideId };
    },

    async verify(input, _output, context) {
      const [current, aside] = await bothOf(input);
      if (!isMarked(aside, context)) {
        throw lookAgain(`${input.databaseId} is ${show(current)}, not yet ${input.asideId}`, context);
      }
      if (isBroken(statusOf(aside))) throw needsPerson(broken(input, aside));
      if (statusOf(aside) !== 'available' || current?.DbiResourceId === aside.DbiResourceId) {
        throw lookAgain(`${input.asideId} is ${statusOf(aside)}`, context);
      }
      return {
        output: { asideId: input.asideId },
        facts: { asideId: input.asideId, status: statusOf(aside), resourceId: aside.DbiResourceId ?? null },
      };
    },

    async undo(input, { before }, context) {
      const [current, aside] = await bothOf(input);
      if (isMarked(aside, context)) {
        if (current !== undefined && current.DbiResourceId !== aside.DbiResourceId) {
          if (statusOf(current) === 'deleting') throw lookAgain(`${input.databaseId} is deleting`, context);
          throw needsPerson(
            `database ${input.asideId} in ${input.region} cannot be renamed back: there is another ${input.databaseId} ` +
              `(${statusOf(current)}). Look whose it is; rename or delete it, then retry.`,
          );
        }
        await rename(
          dependencies,
          input,
          { from: input.asideId, to: input.databaseId },
          context,
          async () => {
            const back = await findDatabase(dependencies, input.region, input.databaseId);
            return back !== undefined && back.DbiResourceId === before.resourceId;
          },
        );
        throw lookAgain(`${input.asideId} is being renamed back to ${input.databaseId}`, context);
      }
      if (current === undefined || current.DbiResourceId !== before.resourceId) {
        throw lookAgain(
          `neither ${input.databaseId} nor ${input.asideId} is the former database yet`,
          context,
        );
      }
      if (isRenaming(input, current) || statusOf(current) === 'renaming') {
        throw lookAgain(`${input.databaseId} is ${statusOf(current)}`, context);
      }
      if (!isMarked(current, context))
        return { changed: isRepeated(), facts: { databaseId: input.databaseId } };
      if (statusOf(current) !== 'available' && !isBroken(statusOf(current))) {
        throw lookAgain(`${input.databaseId} is ${statusOf(current)}`, context);
      }
      await unmark(dependencies, input, current);
      return { changed: isRepeated(), facts: { databaseId: input.databaseId, status: statusOf(current) } };
    },
  });
}

/** Asks for the other name; what cannot be yet, or was perhaps done by an attempt whose answer was lost, is looked at again. */
async function rename(
  dependencies: Dependencies,
  { region }: SetDatabaseAside,
  { from, to }: { readonly from: string; readonly to: string },
  context: StepContext,
  isDone: () => Promise<boolean>,
): Promise<void> {
  const again = async (error: { readonly name: string; readonly message: string }): Promise<void> => {
    if (await isDone()) return;
    // The name that a renaming, or a deletion, has freed is refused for some minutes [A §5.4].
    throw lookAgain(`${from} cannot be renamed to ${to} yet: ${error.name}: ${error.message}`, context);
  };
  await askAws(
    { doing: `rename to ${to}`, resource: `database ${from}`, region, pace: context.pace },
    async () => {
      await dependencies.aws.rds(region).send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: from,
          NewDBInstanceIdentifier: to,
          // Otherwise it would wait for the maintenance window.
          ApplyImmediately: true,
        }),
      );
    },
    { busy: again, exists: again, notFound: again },
  );
}

function isRenaming({ asideId }: SetDatabaseAside, instance: DBInstance | undefined): boolean {
  return instance?.PendingModifiedValues?.DBInstanceIdentifier === asideId;
}

function problemsOf(
  input: SetDatabaseAside,
  current: DBInstance | undefined,
  aside: DBInstance | undefined,
): Problem[] {
  const what = `Database ${input.databaseId} in ${input.region}`;
  if (aside !== undefined) {
    return [
      {
        code: 'asideNameTaken',
        message: `There is a database ${input.asideId} in ${input.region} already (${statusOf(aside)}).`,
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
  if (sourceOf(current) !== null) {
    return [
      {
        code: 'databaseIsReplica',
        message: `${what} is a replica of ${sourceOf(current) ?? '?'}: this is not the active site.`,
        remedy: 'Restore the active site, and build the replica anew after that.',
      },
    ];
  }
  const status = statusOf(current);
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

function notesOf(current: DBInstance | undefined): readonly string[] {
  const replicas = current?.ReadReplicaDBInstanceIdentifiers ?? [];
  return replicas.map((replica) => `${replica} replicates it, and goes on to replicate what is set aside`);
}

function broken({ asideId, region }: SetDatabaseAside, instance: DBInstance): string {
  return `database ${asideId} in ${region} is ${statusOf(instance)} after the renaming. Mend it, or skip: the restore does not need it, the way back does.`;
}

function show(instance: DBInstance | undefined): string {
  return instance === undefined ? 'not visible' : statusOf(instance);
}
