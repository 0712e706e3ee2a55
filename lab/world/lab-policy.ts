import type { EstateInput } from '../../estate/schema';
import { STEP_CONTRACTS } from './step-contracts';

/** Real work (a PostgreSQL start, a git clone) does not get faster with the lab's clock. */
const SHORTEST_DEADLINE_SECONDS = 240;

/**
 * The policy of a lab: every duration of the step contracts divided by the lab's scale, so that a run waits and gives
 * up as it would against AWS. Overrides for single tests go on top of it.
 */
export function labPolicy(scale: number): NonNullable<EstateInput['policy']> {
  const scaled = (seconds: number, least: number): number => Math.max(least, round(seconds / scale));
  return {
    gates: {
      failover: { approvals: 2, roles: ['operator', 'manager'], timeout: '30m' },
      dataLoss: { approvals: 1, roles: ['manager'], timeout: '30m' },
      unprovenFence: { approvals: 1, roles: ['manager'], timeout: '30m' },
      drift: { approvals: 1, roles: ['operator', 'manager'], timeout: '30m' },
    },
    failures: { default: 'ask', decisionTimeout: '4h' },
    dataLoss: { database: '60s', home: '1h' },
    detection: { probes: 2, interval: scaled(10, 0.25), timeout: Math.min(5, scaled(5, 1)) },
    polling: { fastest: scaled(3, 0.1), slowest: scaled(25, 1) },
    expected: byName(({ expectedSeconds }) => scaled(expectedSeconds, 0.05)),
    deadlines: byName(({ deadlineSeconds }) => scaled(deadlineSeconds, SHORTEST_DEADLINE_SECONDS)),
    antiFlap: { window: scaled(4 * 3600, 10) },
    // A freeze lasts as long as real commands take, whatever the lab's clock says.
    backup: { drainTimeout: scaled(600, 20), freezeLimit: 15 },
    // Real PostgreSQL, real git and a real boot take what they take.
    verify: { limit: scaled(6 * 3600, 420), sample: 10, clones: 2 },
    lease: { whenBusy: 'refuse', wait: scaled(1800, 30), preempt: scaled(300, 30) },
  };
}

function byName(of: (contract: (typeof STEP_CONTRACTS)[number]) => number): Record<string, number> {
  return Object.fromEntries(STEP_CONTRACTS.map((contract) => [contract.name, of(contract)]));
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
