import { getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { lease, leaseWorkflowId } from '../../workflows/runbook/lease';
import type { LeaseState } from '../../workflows/runbook/lease';
import { SEARCH_ATTRIBUTES } from '../../workflows/runbook/recorder';
import { observeHolders } from '../../workflows/steps/observe-holders';
import type { Holder } from '../../workflows/steps/observe-holders';
import { implementObservation } from '../implement';
import type { ObservationImplementation } from '../implement';

/** Leases that are asked for at once. */
const AT_ONCE = 20;

/**
 * Asks the leases of those instances alone that have an open run: of thousands of instances few have one. The list of open
 * runs is as fresh as Temporal's visibility store.
 */
export function observeHoldersImplementation(): ObservationImplementation {
  return implementObservation<{ readonly instances: readonly string[] }, readonly Holder[]>(
    observeHolders,
    [],
    async ({ instances }) => {
      const wanted = new Set(instances);
      const open = [...(await instancesWithOpenRuns())].filter((name) => wanted.has(name)).sort();
      const holders: Holder[] = [];
      for (let at = 0; at < open.length; at += AT_ONCE) {
        const found = await Promise.all(open.slice(at, at + AT_ONCE).map(holderOf));
        holders.push(...found.flatMap((one) => (one === null ? [] : [one])));
      }
      return holders;
    },
  );
}

async function instancesWithOpenRuns(): Promise<ReadonlySet<string>> {
  const { instance, dryRun } = SEARCH_ATTRIBUTES;
  const query = `${dryRun.name} = false AND ExecutionStatus = 'Running'`;
  const names = new Set<string>();
  for await (const { typedSearchAttributes } of getClient().workflow.list({ query })) {
    const name = typedSearchAttributes.get(instance);
    if (name !== undefined) names.add(name);
  }
  return names;
}

async function holderOf(instance: string): Promise<Holder | null> {
  try {
    const { holder }: LeaseState = await getClient()
      .workflow.getHandle(leaseWorkflowId(instance))
      .query(lease);
    if (holder === null) return null;
    const { workflowId, runbook, since } = holder;
    return { instance, workflowId, runbook, since };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
