import type { Member } from '../../../workflows/plan/backup/manifest';
import { isLater } from '../../../workflows/runbook/later';
import type { PlannedCall, StepContext } from '../../../workflows/runbook/step';
import { endSharing, shareBackup } from '../../../workflows/steps/backup';
import type { ShareBackup } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { inVault, VAULT_ACTIONS } from '../in-vault';
import { lookAgain } from '../pace';
import { actionsOf, memberCall, partKind } from './part-kinds';

type Output = { readonly account: string };

/** An encrypted member needs its key shared as well, which is the key policy's business. */
export function shareBackupImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<ShareBackup, Output>(shareBackup, {
    ...partsOf(dependencies, true),
    async undo(input) {
      const open = await differing(dependencies, input, false);
      await setAll(dependencies, input, open, false);
      return { changed: open.length > 0, facts: { closed: idsOf(open) } };
    },
  });
}

export function endSharingImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<ShareBackup, Output>(endSharing, partsOf(dependencies, false));
}

function partsOf(dependencies: Dependencies, allowed: boolean) {
  return {
    actions: [...actionsOf('share'), ...VAULT_ACTIONS],

    async check(input: ShareBackup) {
      // A permission that is to be taken back is not there when the plan is made: the step before gives it.
      const known = allowed && input.members.every(({ id }) => !isLater(id));
      const open = known ? await differing(dependencies, input, allowed) : input.members;
      return {
        state: open.length === 0 ? ('done' as const) : ('needed' as const),
        before: {},
        calls: open.map((member) => callOf(input, member)),
        problems: [],
        output: { account: input.account },
        ...(allowed ? { undo: `take the permission of ${input.account} back` } : {}),
        material: { account: input.account },
      };
    },

    async run(input: ShareBackup) {
      await setAll(dependencies, input, await differing(dependencies, input, allowed), allowed);
      return { account: input.account };
    },

    async verify(input: ShareBackup, _output: Output | undefined, context: StepContext) {
      const open = await differing(dependencies, input, allowed);
      if (open.length > 0) throw lookAgain(`not changed yet: ${idsOf(open)}`, context);
      const facts = { [allowed ? 'allowed' : 'closed']: idsOf(input.members), account: input.account };
      return { output: { account: input.account }, facts };
    },
  };
}

/** Members of which the account may, or may not, do otherwise. */
async function differing(
  dependencies: Dependencies,
  { region, members, account, vault }: ShareBackup,
  allowed: boolean,
): Promise<readonly Member[]> {
  const there = inVault(dependencies, vault, region);
  const shared = await Promise.all(
    members.map((member) => partKind(member.kind).sharedWith(there, region, member)),
  );
  return members.filter((_member, index) => shared[index]?.includes(account) !== allowed);
}

async function setAll(
  dependencies: Dependencies,
  { region, account, vault }: ShareBackup,
  members: readonly Member[],
  allowed: boolean,
): Promise<void> {
  const there = inVault(dependencies, vault, region);
  for (const member of members) {
    await partKind(member.kind).share(there, region, member, { account, allowed });
  }
}

function callOf({ region, account }: ShareBackup, { kind, id, name }: Member): PlannedCall {
  const target = isLater(id) ? name : id;
  return memberCall(kind, 'share', { region, target }, { account });
}

function idsOf(members: readonly Member[]): string {
  return members.map(({ id }) => id).join(', ');
}
