import { defineStep } from '../../workflows/runbook/step';

/** As many as a failover has, with nothing in them. */
export const EMPTY_STEPS = Array.from({ length: 18 }, (_, index) =>
  defineStep<object, object>({
    name: `empty${index + 1}`,
    title: `Empty step ${index + 1}`,
    risk: 'reversible',
    deadlineSeconds: 60,
    expectedSeconds: 1,
  }),
);
