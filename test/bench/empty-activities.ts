import { implementStep } from '../../activities/implement';
import { LeaseKeeper } from '../../activities/runbook/lease';
import { verifyProof } from '../../activities/runbook/verify-proof';
import { registerImplementations } from '../../activities/runbook/register';
import type { KitActivities } from '../../workflows/runbook/admission';
import { TOY_POLICY } from '../support/toy-world';
import { EMPTY_STEPS } from './empty-steps';

/**
 * The activities of `emptyRunbook`; each start names its own instance.
 * @param leases false: the lease is granted without its workflow, which would be one more in the worker's cache
 */
export function emptyActivities(leases = true): Record<string, unknown> {
  const lease = new LeaseKeeper();
  const kit: KitActivities = {
    admit: async ({ message }) => {
      const { instance } = message as { readonly instance: string };
      return {
        instance,
        dryRun: false,
        reason: null,
        requestedBy: null,
        trigger: 'manual',
        incidentStartedAt: null,
        freeze: null,
        breakGlass: null,
        input: {},
        subject: { name: instance },
        people: [
          { name: 'ben', roles: ['operator'] },
          { name: 'cy', roles: ['operator'] },
        ],
        policy: { ...TOY_POLICY, gates: { go: { approvals: 2, roles: ['operator'], timeoutSeconds: 3600 } } },
      };
    },
    acquireLease: async (request) => (leases ? lease.acquire(request) : { granted: true, token: 1 }),
    releaseLease: async (request) => (leases ? lease.release(request) : undefined),
    verifyProof,
    notify: () => Promise.resolve('told'),
  };
  const steps = EMPTY_STEPS.map((contract) =>
    implementStep(contract, {
      actions: [],
      check: async () => ({
        state: 'needed',
        before: {},
        calls: [],
        problems: [],
        output: {},
        undo: 'nothing',
      }),
      run: async () => ({}),
      verify: async () => ({ output: {}, facts: {} }),
      undo: async () => ({ changed: false, facts: {} }),
    }),
  );
  return { ...registerImplementations(steps, lease), ...kit };
}
