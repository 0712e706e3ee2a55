import { condition } from '@temporalio/workflow';
import { runbook } from '../../workflows/runbook/runbook';
import type { RunPolicy } from '../../workflows/runbook/policy';
import { EMPTY_STEPS } from './empty-steps';

/** The runbooks that the worker serves are measured beside the two below. */
export * from '../../workflows';

/** What the kit itself costs: eighteen steps that do nothing. */
export const emptyRunbook = runbook<object, { readonly name: string }, RunPolicy>(
  'emptyRunbook',
  { recovery: false },
  async (run) => {
    await run.gate('go', 'Go ahead');
    for (const step of EMPTY_STEPS) await run.step(step, {});
  },
);

/** What Temporal itself costs: a workflow that waits for ever. */
export async function emptyWorkflow(): Promise<void> {
  await condition(() => false);
}
