import { LockSnapshotCommand } from '@aws-sdk/client-ec2';
import type { Member } from '../../../workflows/plan/backup/manifest';
import { isLater } from '../../../workflows/runbook/later';
import { lockSnapshots } from '../../../workflows/steps/backup';
import type { LockSnapshots, SnapshotLockPlan } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { findSnapshotLocks } from '../ec2/snapshot-locks';
import type { SnapshotLock } from '../ec2/snapshot-locks';
import { askAws } from '../errors';
import { inVault, VAULT_ACTIONS } from '../in-vault';
import { lookAgain } from '../pace';

type Locks = ReadonlyMap<string, SnapshotLock>;

/** EBS snapshot lock with an expiration date: the same call again changes nothing. */
export function lockSnapshotsImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<LockSnapshots, { readonly lockedUntil: string | null }>(lockSnapshots, {
    actions: ['ec2:DescribeLockedSnapshots', 'ec2:LockSnapshot', ...VAULT_ACTIONS],

    async check({ region, members, lock, vault }) {
      const there = inVault(dependencies, vault, region);
      const wanted = lockable(members);
      const known = wanted.every(({ id }) => !isLater(id));
      const open = known ? unlocked(wanted, lock, await findSnapshotLocks(there, region)) : wanted;
      return {
        state: open.length === 0 ? 'done' : 'needed',
        before: {},
        calls: open.map(({ name, id }) => ({
          ...{ service: 'ec2', action: 'LockSnapshot', region, target: isLater(id) ? name : id },
          parameters: { mode: lock.mode },
        })),
        problems: [],
        output: { lockedUntil: lock.until },
        material: { mode: lock.mode, coolOffHours: lock.coolOffHours },
      };
    },

    async run({ region, members, lock, vault }) {
      const there = inVault(dependencies, vault, region);
      const open = unlocked(lockable(members), lock, await findSnapshotLocks(there, region));
      for (const { id, name } of open) {
        await askAws({ doing: 'lock', resource: `snapshot ${id} of ${name}`, region }, () =>
          there.aws.ec2(region).send(
            new LockSnapshotCommand({
              SnapshotId: id,
              LockMode: lock.mode,
              ExpirationDate: new Date(lock.until),
              ...(lock.coolOffHours === null ? {} : { CoolOffPeriod: lock.coolOffHours }),
            }),
          ),
        );
      }
      return { lockedUntil: lock.until };
    },

    async verify({ region, members, lock, vault }, _output, context) {
      const there = inVault(dependencies, vault, region);
      const wanted = lockable(members);
      const locks = await findSnapshotLocks(there, region);
      const open = unlocked(wanted, lock, locks);
      if (open.length > 0) {
        throw lookAgain(`not locked yet: ${open.map(({ name, id }) => `${name} ${id}`).join(', ')}`, context);
      }
      return {
        output: { lockedUntil: lock.until },
        facts: Object.fromEntries(
          wanted.map(({ name, id }) => {
            const { state, until } = locks.get(id) ?? { state: 'unknown', until: null };
            return [name, `${state} until ${until?.toISOString() ?? 'no end'}`];
          }),
        ),
      };
    },
  });
}

function lockable(members: readonly Member[]): readonly Member[] {
  return members.filter(({ kind }) => kind === 'ebs');
}

/** Those whose lock is missing, weaker than asked for, or ends earlier; EC2 keeps whole seconds. */
function unlocked(members: readonly Member[], lock: SnapshotLockPlan, locks: Locks): readonly Member[] {
  const until = Math.floor(Date.parse(lock.until) / 1000) * 1000;
  return members.filter(({ id }) => {
    const present = locks.get(id);
    if (present === undefined) return true;
    if (lock.mode === 'compliance' && !present.state.startsWith('compliance')) return true;
    return present.until !== null && present.until.getTime() < until;
  });
}
