import { completeBackup } from '../../../workflows/steps/backup';
import type { CompleteBackup, CompleteMembers } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { lookAgain } from '../pace';
import { actionsOf, lookAtMembers } from './part-kinds';

/** [B §13.4 #8] One look at all members; a snapshot may fail hours after its call was accepted [A §3.1]. */
export function completeBackupImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<CompleteBackup, CompleteMembers>(completeBackup, {
    actions: actionsOf('look'),

    async check({ members }) {
      // What only the wait brings; times have to be times.
      const unknown = { arn: null, sizeGiB: null, encrypted: false, kmsKeyId: null };
      const capturedAt = new Date().toISOString();
      return {
        state: 'needed',
        before: {},
        calls: [],
        problems: [],
        output: { members: members.map((member) => ({ ...member, ...unknown, capturedAt })), account: '' },
      };
    },

    async verify({ region, backup, members }, _output, context) {
      const { complete, account, pending, failed } = await lookAtMembers(dependencies, region, members);
      const reasons = Object.values(failed);
      if (reasons.length > 0) {
        throw terminal(
          `${backup} in ${region} cannot become complete: ${reasons.join('; ')}. Start another backup.`,
        );
      }
      if (complete === null) throw lookAgain(pending.join('; '), context);
      return {
        output: { members: complete, account },
        facts: Object.fromEntries(
          complete.map(({ name, id, sizeGiB }) => [name, `${id}, ${sizeGiB ?? '?'} GiB`]),
        ),
      };
    },
  });
}
