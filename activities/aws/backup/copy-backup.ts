import { later } from '../../../workflows/runbook/later';
import type { StepContext } from '../../../workflows/runbook/step';
import { copyBackup } from '../../../workflows/steps/backup';
import type { CompleteMembers, CopyBackup } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { inVault, VAULT_ACTIONS } from '../in-vault';
import { isRepeated, lookAgain } from '../pace';
import { lookTwice } from '../unsettled';
import type { CopyOrder } from './part-kind';
import { actionsOf, lookAtMembers, memberCall, partKind } from './part-kinds';

/** [B §13.4 #10] All members in another region or account, or none. */
export function copyBackupImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<CopyBackup, CompleteMembers>(copyBackup, {
    actions: [...actionsOf('copy'), ...VAULT_ACTIONS],

    async check(input, context) {
      return {
        state: 'needed',
        before: {},
        calls: input.members.map(({ kind, name }) => {
          const { region, vault } = input.to;
          const parameters = vault === undefined ? undefined : { account: vault.account };
          return memberCall(kind, 'copy', { region, target: `${name} of ${input.backup}` }, parameters);
        }),
        problems: [],
        output: {
          members: input.members.map((member) => ({
            ...member,
            id: later(`copy of ${member.name} by ${context.step}`),
          })),
          account: '',
        },
        undo: 'delete the copies',
        material: { kmsKeyId: input.to.kmsKeyId },
      };
    },

    async run(input, context) {
      const members: CompleteMembers['members'][number][] = [];
      for (const order of ordersOf(input)) {
        const id = await partKind(order.member.kind).copy(there(dependencies, input), order, context);
        members.push({ ...order.member, id });
      }
      return { members, account: '' };
    },

    async verify(input, output, context) {
      const { region } = input.to;
      const members = output?.members ?? [];
      const { complete, account, pending, failed } = await lookAtMembers(
        there(dependencies, input),
        region,
        members,
      );
      const reasons = Object.values(failed);
      if (reasons.length > 0) {
        // The failed ones last: one that is still being copied cannot be deleted yet, and the next attempt must see why.
        const isFailed = ({ name }: CompleteMembers['members'][number]): boolean =>
          members.some((copy) => copy.name === name && failed[copy.id] !== undefined);
        const gone = [
          ...(await discard(dependencies, input, context, (member) => !isFailed(member))),
          ...(await discard(dependencies, input, context, isFailed)),
        ];
        throw terminal(
          `the copy of ${input.backup} in ${region} failed: ${reasons.join('; ')}. ` +
            `What there was of it has been deleted (${gone.join(', ')}). Check the source, and the key that the estate names; the estate is kept as it was when the run began`,
        );
      }
      if (complete === null) throw lookAgain(pending.join('; '), context);
      return {
        output: { members: complete, account },
        facts: Object.fromEntries(complete.map(({ name, id }) => [name, id])),
      };
    },

    async undo(input, { output }, context) {
      const gone = await discard(dependencies, input, context);
      // Members are copied one after the other: the last call may be on its way, whatever was found of those before it.
      if (output === undefined) lookTwice(dependencies.aws, `copies of ${input.backup}`);
      return { changed: gone.length > 0 || isRepeated(), facts: { deleted: gone.join(' ') } };
    },
  });
}

function there(dependencies: Dependencies, { to: { vault, region } }: CopyBackup): Dependencies {
  return inVault(dependencies, vault, region);
}

function ordersOf({ backup, from, to, members }: CopyBackup): readonly CopyOrder[] {
  const volumes = members.filter(({ kind }) => kind === 'ebs').map(({ name }) => name);
  return members.map((member) => ({ backup, from, to, member, members: volumes.join(',') }));
}

async function discard(
  dependencies: Dependencies,
  input: CopyBackup,
  context: StepContext,
  which: (member: CompleteMembers['members'][number]) => boolean = () => true,
): Promise<readonly string[]> {
  const gone: string[] = [];
  for (const order of ordersOf(input).filter(({ member }) => which(member))) {
    const kind = partKind(order.member.kind);
    gone.push(...(await kind.discardCopies(there(dependencies, input), order, context)));
  }
  return gone;
}
