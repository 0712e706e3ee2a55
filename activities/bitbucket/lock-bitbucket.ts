import { lockBitbucket } from '../../workflows/steps/maintenance';
import type { LockBitbucket, MaintenanceLock } from '../../workflows/steps/maintenance';
import type { Problem } from '../../workflows/runbook/step';
import { later } from '../../workflows/runbook/later';
import type { Dependencies } from '../dependencies';
import { needsPerson } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { findSecretProblems } from '../secrets/login';
import { answerTime } from './answer-time';
import { firstAnswer } from './first-answer';
import { endLock, findLock } from './maintenance-lock';

/**
 * [B §6, §13.4 #2] The token is this activity's result and nothing is done after it: the run's history is the durable
 * store. What is lost between Bitbucket's answer and the history cannot be had again; then a person is told.
 */
export function lockBitbucketImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<LockBitbucket, MaintenanceLock>(lockBitbucket, {
    actions: [],

    async check(input, context) {
      const secrets = await findSecretProblems(dependencies.secrets, [input.administrator]);
      const lock =
        secrets.length > 0 || input.nodes.length === 0 ? null : await findLock(dependencies, input, context);
      return {
        state: 'needed',
        before: {},
        calls: [{ service: 'bitbucket', action: 'POST /mvc/maintenance/lock', target: input.nodes[0] ?? '' }],
        problems: [
          // Nobody could unlock what was locked blindly.
          ...secrets.map(({ code, message, remedy }) => ({ code, message, remedy })),
          ...(input.nodes.length === 0 ? [noNode] : []),
          ...(lock === null ? [] : [lockedBy(lock.owner)]),
        ],
        output: { unlockToken: later('token of the lock') },
        undo: 'unlock',
      };
    },

    async run(input, context) {
      const secondsLeft = answerTime();
      const lock = await findLock(dependencies, input, context);
      if (lock !== null) {
        throw needsPerson(
          `Bitbucket has been locked for maintenance by ${lock.owner ?? 'somebody'} meanwhile. If that was this run, and ` +
            'the answer with its token was lost, nobody can unlock it: restart all nodes, one after the other',
        );
      }
      // The first node only: a second one would be asked to lock what the silent first one may have locked.
      const [first = ''] = input.nodes;
      const unlockToken = await firstAnswer(dependencies, { ...input, nodes: [first] }, (client) =>
        client.lockForMaintenance(secondsLeft()),
      );
      return { unlockToken };
    },

    async verify(input, output, context) {
      const lock = await findLock(dependencies, input, context);
      if (lock === null || output === undefined) {
        throw needsPerson('Bitbucket is not locked although it said so. Was it unlocked by somebody?');
      }
      return { output, facts: { lockedBy: lock.owner } };
    },

    async undo(input, { output }, context) {
      if (output !== undefined) {
        const { unlockToken } = output;
        const changed = await endLock(dependencies, input, context, (client) => client.unlock(unlockToken));
        return { changed, facts: { unlocked: changed } };
      }
      const lock = await findLock(dependencies, input, context);
      if (lock === null) return { changed: false, facts: { locked: false } };
      throw needsPerson(
        `Bitbucket is locked for maintenance by ${lock.owner ?? 'somebody'}. Whether this run did it is not known: the ` +
          'answer with the token was lost. If nobody else did, restart all nodes, one after the other',
      );
    },
  });
}

const noNode: Problem = {
  code: 'noNodeToLock',
  message: 'No node is seen to run, so nothing can be locked.',
  remedy: 'Start the nodes, or take the backup without a lock: "mode": "zeroDowntime".',
};

function lockedBy(owner: string | null): Problem {
  return {
    code: 'lockedBySomebody',
    message: `Bitbucket is locked for maintenance by ${owner ?? 'somebody'} already.`,
    remedy: 'Wait until they have unlocked it. A lock of somebody else is never taken away.',
  };
}
