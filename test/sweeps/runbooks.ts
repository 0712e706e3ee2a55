import type { Disaster } from '../../lab/world/disasters';
import type { Outcome } from '../../workflows/runbook/state';
import { backUp } from '../restore/restore-world';
import type { footprint } from '../support/footprint';
import type { Session } from './session';

type Footprint = Awaited<ReturnType<typeof footprint>>;

/** What a sweep has to know of a runbook. Its steps, calls and moments are found in an undisturbed run. */
export interface SweptRunbook {
  /** What is broken before it is started; null: it is for quiet days. */
  readonly disaster: Disaster | null;
  /** Makes what the runbook needs, before anything breaks. @returns what its start message says besides */
  readonly prepare?: (session: Session) => Promise<Readonly<Record<string, unknown>>>;
  /** How it may end when a worker dies or an answer is lost: as if nothing had been. */
  readonly completed: readonly Outcome[];
  /** For these reasons it may end DEGRADED instead, for what happened could not be hidden. */
  readonly mayDegrade?: RegExp;
  /** Whether the effect of a step stands in the world; for what a run says it leaves behind. */
  readonly stands: Readonly<Record<string, (world: Footprint) => boolean>>;
}

/** A new runbook joins by one entry. */
export const RUNBOOKS: Readonly<Record<string, SweptRunbook>> = {
  backup: {
    disaster: null,
    completed: ['SUCCEEDED'],
    // The call for the snapshots took effect only when the freeze was over, and the manifest says so.
    mayDegrade: /the snapshots are only crash-consistent$/,
    stands: {},
  },
  restore: {
    disaster: null,
    prepare: async ({ bench }) => ({ backup: await backUp(bench) }),
    completed: ['SUCCEEDED'],
    stands: {
      setStackProperties: ({ primary }) => JSON.stringify(primary.stack).includes('disaster.recovery=true'),
      mountHome: ({ primary }) => primary.exports !== '',
      restoreDatabase: ({ primary }) => primary.databases?.length === 2,
      'startNode.1': ({ primary }) => (primary.groups?.[0]?.nodes ?? 0) >= 1,
    },
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
