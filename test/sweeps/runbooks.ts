import type { Disaster } from '../../lab/world/disasters';
import type { Outcome } from '../../workflows/runbook/state';
import { Stock } from '../prune-backups/stock';
import { backUp } from '../restore/restore-world';
import type { footprint } from '../support/footprint';
import { keepDays, keeping } from '../support/retention';
import { dyingSoon } from './dying-soon';
import type { Session } from './session';

type Footprint = Awaited<ReturnType<typeof footprint>>;

/** What a sweep has to know of a runbook. Its steps, calls and moments are found in an undisturbed run. */
export interface SweptRunbook {
  /** What is broken before it is started; null: it is for quiet days. */
  readonly disaster: Disaster | null;
  /** Its world has a place where backups are tried. */
  readonly drill?: true;
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
  pruneBackups: {
    disaster: null,
    prepare: async ({ bench, settings }) => {
      const stock = new Stock(bench);
      for (const day of ['01', '02', '03']) await stock.pair(`2026-10-${day}T10:00:00Z`);
      await bench.changeEstate((estate) => keeping(keepDays(1))(dyingSoon(settings)(estate)));
      return {};
    },
    completed: ['SUCCEEDED'],
    stands: {},
  },
  verifyBackup: {
    disaster: null,
    drill: true,
    prepare: async ({ bench }) => ({ backup: await backUp(bench) }),
    completed: ['SUCCEEDED'],
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
