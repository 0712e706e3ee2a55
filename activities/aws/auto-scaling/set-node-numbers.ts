import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';

import { setNodeNumbers } from '../../../workflows/steps/restore';
import type { SetNodeNumbers } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { lookAgain } from '../pace';
import { findGroup, numbersOf, sameNumbers, setNumbers, showNumbers } from './group';

type Output = { readonly changed: boolean };

/** [B §13.5 #12] Starting nodes one by one leaves a maximum that is too low for the alarms. */
export function setNodeNumbersImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<SetNodeNumbers, Output>(setNodeNumbers, {
    actions: ['autoscaling:DescribeAutoScalingGroups', 'autoscaling:UpdateAutoScalingGroup'],

    async check(input, { token }) {
      const { minimum, maximum, desired } = input;
      const now = numbersOf(await existing(dependencies, input));
      // In a plan the run has not changed them yet, and will.
      const done = token !== null && sameNumbers(now, input);
      return {
        state: done ? 'done' : 'needed',
        before: { ...now },
        calls: done
          ? []
          : [
              {
                service: 'autoscaling',
                action: 'UpdateAutoScalingGroup',
                region: input.region,
                target: input.autoScalingGroup,
                parameters: { MinSize: minimum, MaxSize: maximum, DesiredCapacity: desired },
              },
            ],
        problems: [],
        output: { changed: !done },
        undo: `set ${showNumbers(now)}`,
        material: { minimum, maximum, desired },
      };
    },

    async run(input, { pace }) {
      const changed = !sameNumbers(numbersOf(await existing(dependencies, input)), input);
      if (changed) await setNumbers(dependencies, { ...input, pace }, input);
      return { changed };
    },

    async verify(input, output, context) {
      const now = numbersOf(await existing(dependencies, input));
      if (!sameNumbers(now, input))
        throw lookAgain(`${input.autoScalingGroup}: ${showNumbers(now)}`, context);
      return { output: output ?? { changed: false }, facts: { ...now } };
    },

    async undo(input, { before }, { pace }) {
      const { minimum, maximum, desired } = before;
      const numbers = [minimum, maximum, desired];
      if (!numbers.every((one) => typeof one === 'number')) return { changed: false, facts: {} };
      const former = { minimum: Number(minimum), maximum: Number(maximum), desired: Number(desired) };
      const changed = !sameNumbers(numbersOf(await existing(dependencies, input)), former);
      if (changed) await setNumbers(dependencies, { ...input, pace }, former);
      return { changed, facts: former };
    },
  });
}

async function existing(dependencies: Dependencies, input: SetNodeNumbers): Promise<AutoScalingGroup> {
  const group = await findGroup(dependencies, input);
  if (group !== undefined) return group;
  throw terminal(
    `there is no Auto Scaling group ${input.autoScalingGroup} in ${input.region}. Correct the estate.`,
  );
}
