import { keepUsersOut } from '../../../workflows/steps/restore';
import type { KeepUsersOut } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { lookTwice } from '../unsettled';
import { findGroup, resume, suspend, suspendedOf } from './group';

type Output = { readonly suspended: boolean };

/** While it is suspended, instances that start are not registered, and are not later either. */
export const ADD_TO_BALANCER = 'AddToLoadBalancer';

/** [B §13.5 #10] The first node is looked at before any user reaches it. */
export function keepUsersOutImplementation(dependencies: Dependencies): StepImplementation {
  const isSuspended = async (input: KeepUsersOut): Promise<boolean> => {
    const group = await findGroup(dependencies, input);
    if (group !== undefined) return suspendedOf(group).includes(ADD_TO_BALANCER);
    throw terminal(
      `there is no Auto Scaling group ${input.autoScalingGroup} in ${input.region}. Correct the estate.`,
    );
  };
  return implementStep<KeepUsersOut, Output>(keepUsersOut, {
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:SuspendProcesses',
      'autoscaling:ResumeProcesses',
    ],

    async check(input) {
      const suspended = await isSuspended(input);
      return {
        state: suspended ? 'done' : 'needed',
        before: { suspended },
        calls: suspended
          ? []
          : [
              {
                service: 'autoscaling',
                action: 'SuspendProcesses',
                region: input.region,
                target: input.autoScalingGroup,
                parameters: { ScalingProcesses: ADD_TO_BALANCER },
              },
            ],
        problems: [],
        output: { suspended: true },
        undo: `resume ${ADD_TO_BALANCER}`,
      };
    },

    async run(input, { pace }) {
      if (!(await isSuspended(input))) await suspend(dependencies, { ...input, pace }, [ADD_TO_BALANCER]);
      return { suspended: true };
    },

    async verify(input) {
      if (await isSuspended(input))
        return { output: { suspended: true }, facts: { suspended: ADD_TO_BALANCER } };
      throw needsPerson(
        `${ADD_TO_BALANCER} of ${input.autoScalingGroup} in ${input.region} is not suspended any more. Find out who ` +
          'resumed it, then retry: users must not reach nodes that nobody has looked at.',
      );
    },

    async undo(input, { before, output }, { pace }) {
      const isOurs = before.suspended !== true;
      const needed = isOurs && (await isSuspended(input));
      if (isOurs && !needed && output === undefined)
        lookTwice(dependencies.aws, `a change of ${input.autoScalingGroup}`);
      if (needed) await resume(dependencies, { ...input, pace }, [ADD_TO_BALANCER]);
      return { changed: needed, facts: { resumed: needed } };
    },
  });
}
