import { defineObservation } from '../runbook/step';

/** A run that holds an instance now. */
export interface Holder {
  readonly instance: string;
  readonly workflowId: string;
  readonly runbook: string;
  /** ISO 8601. */
  readonly since: string;
}

/** Which of these instances other runs hold: for the plan; whether one can be had is known when its turn comes. */
export const observeHolders = defineObservation<{ readonly instances: readonly string[] }, readonly Holder[]>(
  {
    name: 'observeHolders',
    title: 'Look for runs that hold an instance',
    deadlineSeconds: 60,
  },
);
