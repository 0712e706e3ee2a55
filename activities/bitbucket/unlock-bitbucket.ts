import { unlockBitbucket } from '../../workflows/steps/maintenance';
import type { UnlockBitbucket } from '../../workflows/steps/maintenance';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { endLock, findLock } from './maintenance-lock';

/** [B §13.4 #7] Progress 100 and unlock; proven by the nodes serving again. */
export function unlockBitbucketImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<UnlockBitbucket, { readonly unlocked: boolean }>(unlockBitbucket, {
    actions: [],

    async check(input) {
      return {
        state: 'needed',
        before: {},
        calls: [
          { service: 'bitbucket', action: 'DELETE /mvc/maintenance/lock', target: input.nodes[0] ?? '' },
        ],
        problems: [],
        output: { unlocked: true },
        undo: 'nothing: users are served',
      };
    },

    async run(input, context) {
      const { unlockToken } = input;
      const unlocked = await endLock(dependencies, input, context, async (client) => {
        if ((await client.maintenanceLock()) === null) return false;
        const { task } = await client.maintenance(unlockToken);
        if (task === 'RUNNING') await client.reportProgress(unlockToken, 100);
        return client.unlock(unlockToken);
      });
      return { unlocked };
    },

    async verify(input, output, context) {
      const lock = await findLock(dependencies, input, context);
      if (lock !== null) throw lookAgain(`still locked by ${lock.owner ?? 'somebody'}`, context);
      return { output: output ?? { unlocked: true }, facts: { locked: false } };
    },

    async undo() {
      return { changed: false, facts: { locked: false } };
    },
  });
}
