import { defineStep } from '../runbook/step';

/**
 * When a region counts as answering: `any` of its services does; `all` that a fence needs do; `settled`: all do, or a part
 * has for so long that the rest may stay away.
 */
export type Enough = 'any' | 'settled' | 'all';

export interface AwaitRegion {
  readonly site: string;
  readonly region: string;
  /** Asked for as a sign of life, and so are the next two; runs of an earlier version ask for the group alone. */
  readonly autoScalingGroup: string;
  readonly databaseId?: string;
  /** EC2 instance. */
  readonly fileServerId?: string;
  /** `any` unless told. */
  readonly enough?: Enough;
}

/** Waits, for weeks if need be, until AWS in a region answers. Holds nothing and changes nothing meanwhile. */
export const awaitRegion = defineStep<AwaitRegion, { readonly answeredAt: string }>({
  name: 'awaitRegion',
  title: 'Wait until the lost region answers',
  risk: 'readOnly',
  deadlineSeconds: 30 * 24 * 3600,
  expectedSeconds: 0,
});
