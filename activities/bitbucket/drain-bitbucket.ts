import { drainBitbucket } from '../../workflows/steps/maintenance';
import type { DrainBitbucket } from '../../workflows/steps/maintenance';
import { elapsedSeconds, lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { terminal } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { firstAnswer } from './first-answer';

/** [B §6, §13.4 #3] Only `DRAINED` counts; the task must run on all the while. */
export function drainBitbucketImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<DrainBitbucket, { readonly cancelToken: string }>(drainBitbucket, {
    actions: [],

    async check(input) {
      return {
        state: 'needed',
        before: {},
        calls: [{ service: 'bitbucket', action: 'POST /mvc/admin/backups', target: input.nodes[0] ?? '' }],
        problems: [],
        output: { cancelToken: '' },
        undo: 'nothing: the task ends with the lock',
        material: { limitSeconds: input.limitSeconds },
      };
    },

    async run(input) {
      return firstAnswer(dependencies, input, async (client) => {
        // Only one runs under a lock: one that does is ours.
        const { task } = await client.maintenance(input.unlockToken);
        if (task === 'RUNNING') return { cancelToken: '' };
        return { cancelToken: await client.startBackup(input.unlockToken) };
      });
    },

    async verify(input, output, context) {
      const { task, database, git } = await firstAnswer(dependencies, input, (client) =>
        client.maintenance(input.unlockToken),
      );
      if (task !== 'RUNNING') {
        throw terminal(
          `the external backup in Bitbucket is ${task ?? 'gone'} instead of running. Start another backup`,
        );
      }
      if (database === 'DRAINED' && git === 'DRAINED') {
        return { output: output ?? { cancelToken: '' }, facts: { database, git } };
      }
      const waited = Math.round(elapsedSeconds());
      if (waited >= input.limitSeconds) {
        throw terminal(
          `requests still run ${waited} s after the lock (database ${database}, git ${git}), and the policy allows ` +
            `${input.limitSeconds} s. Start again at a quieter time, or raise policy.backup.drainTimeout`,
        );
      }
      throw lookAgain(`database ${database}, git ${git} after ${waited} s`, context);
    },

    async undo() {
      return { changed: false, facts: { task: 'ends with the lock' } };
    },
  });
}
