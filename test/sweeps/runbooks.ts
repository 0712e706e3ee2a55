import type { Disaster } from '../../lab/world/disasters';
import type { Outcome } from '../../workflows/runbook/state';
import { Stock } from '../prune-backups/stock';
import { backUp } from '../restore/restore-world';
import { keepDays, keeping } from '../support/retention';
import { dyingSoon } from './dying-soon';
import type { Session } from './session';
import type { SweptWorld } from './swept-world';

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
  /** How it ends when this step fails for good, where a rule answers and nobody is asked. */
  readonly ruled?: (step: string) => Outcome | undefined;
  /**
   * Whether the effect of a step stands in the world; for what a run says it leaves behind. By the id of the step, or by its
   * part before the first dot.
   */
  readonly stands: Readonly<Record<string, (world: SweptWorld, step: string) => boolean>>;
}

/** A new runbook joins by one entry. */
export const RUNBOOKS: Readonly<Record<string, SweptRunbook>> = {
  backup: {
    disaster: null,
    completed: ['SUCCEEDED'],
    // The call for the snapshots took effect only when the freeze was over, and the manifest says so.
    mayDegrade: /the snapshots are only crash-consistent$/,
    ruled: (step) => (/^(copyBackup|recordCopy)\./.test(step) ? 'DEGRADED' : undefined),
    stands: {
      captureVolumes: (world) => has(world, 'primary', 'ebs'),
      captureDatabase: (world) => has(world, 'primary', 'rds'),
      writeManifest: ({ store }) => store.some((key) => key.endsWith('/manifest.json')),
      copyBackup: (world) => has(world, 'standby', 'ebs') && has(world, 'standby', 'rds'),
      recordCopy: ({ store }) => store.some((key) => key.includes('/records/copy-')),
    },
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
    stands: {
      deleteRestorePoint: ({ members }, step) =>
        !members.some(({ backup }) => backup !== undefined && step.includes(backup)),
    },
  },
  verifyBackup: {
    disaster: null,
    drill: true,
    prepare: async ({ bench }) => ({ backup: await backUp(bench) }),
    completed: ['SUCCEEDED'],
    // What could not be tried says nothing about the backup.
    ruled: (step) => (step === 'recordVerification' ? undefined : 'REFUSED'),
    stands: {
      recordVerification: ({ store }) => store.some((key) => key.includes('/records/verify-')),
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

function has({ members }: SweptWorld, site: string, kind: string): boolean {
  return members.some((one) => one.site === site && one.kind === kind);
}
