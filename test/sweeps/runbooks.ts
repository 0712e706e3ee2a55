import type { Disaster } from '../../lab/world/disasters';
import type { Outcome } from '../../workflows/runbook/state';
import type { footprint } from '../support/footprint';

type Footprint = Awaited<ReturnType<typeof footprint>>;

/** What a sweep has to know of a runbook. Its steps, calls and moments are found in an undisturbed run. */
export interface SweptRunbook {
  /** What is broken before it is started; null: it is for quiet days. */
  readonly disaster: Disaster | null;
  /** How it may end when a worker dies or an answer is lost: as if nothing had been. */
  readonly completed: readonly Outcome[];
  /** Whether the effect of a step stands in the world; for what a run says it leaves behind. */
  readonly stands: Readonly<Record<string, (world: Footprint) => boolean>>;
}

/** A new runbook joins by one entry. */
export const RUNBOOKS: Readonly<Record<string, SweptRunbook>> = {
  backup: {
    disaster: null,
    // DEGRADED: the call for the snapshots took effect only when the freeze was over, and the manifest says so.
    completed: ['SUCCEEDED', 'DEGRADED'],
    stands: {},
  },
  drFailover: {
    disaster: 'database-down',
    completed: ['SUCCEEDED'],
    stands: {
      disableAutomation: ({ primary }) => primary.alarms?.every(([, enabled]) => enabled === false) === true,
      fenceNodes: ({ primary }) => primary.groups?.[0]?.numbers.join() === '0,0,0',
      fenceHome: ({ primary }) => primary.exports === '',
      fenceDatabase: ({ primary }) => primary.ingress?.length === 0,
      mountHome: ({ standby }) => standby.exports !== '',
      promoteReplica: ({ standby }) => standby.databases?.[0]?.source === null,
      configureDatabase: ({ standby }) => standby.databases?.[0]?.multiAz === true,
      setStackProperties: ({ standby }) => JSON.stringify(standby.stack).includes('disaster.recovery=true'),
      'startNode.1': ({ standby }) => (standby.groups?.[0]?.nodes ?? 0) >= 1,
    },
  },
};
