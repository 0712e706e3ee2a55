import { defineStep } from '../runbook/step';

export interface AwaitRegion {
  readonly site: string;
  readonly region: string;
  /** Asked for as the sign of life. */
  readonly autoScalingGroup: string;
}

/** Waits, for weeks if need be, until AWS in a region answers. Holds nothing and changes nothing meanwhile. */
export const awaitRegion = defineStep<AwaitRegion, { readonly answeredAt: string }>({
  name: 'awaitRegion',
  title: 'Wait until the lost region answers',
  risk: 'readOnly',
  deadlineSeconds: 30 * 24 * 3600,
  expectedSeconds: 0,
});
