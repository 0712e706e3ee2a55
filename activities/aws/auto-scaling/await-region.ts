import { awaitRegion } from '../../../workflows/steps/await-region';
import type { AwaitRegion } from '../../../workflows/steps/await-region';
import type { Dependencies } from '../../dependencies';
import { notYet } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { isUnreachable } from '../observe';
import { findGroup } from './group';

/** Between two looks, in units of the policy's fastest: soon enough to be there first, and no load over weeks. */
const PATIENCE = 3;

/** An answer of any kind is a sign of life, also that there is no such group. */
export function awaitRegionImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<AwaitRegion, { readonly answeredAt: string }>(awaitRegion, {
    actions: ['autoscaling:DescribeAutoScalingGroups'],

    async check() {
      return { state: 'needed', before: {}, calls: [], problems: [], output: { answeredAt: '' } };
    },

    async verify({ region, autoScalingGroup }, _output, { pace }) {
      try {
        await findGroup(dependencies, { region, autoScalingGroup });
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        throw notYet(`${region} does not answer`, PATIENCE * pace.fastestSeconds);
      }
      const answeredAt = new Date().toISOString();
      return { output: { answeredAt }, facts: { answeredAt } };
    },
  });
}
