import type { DrillSite, Instance } from '../plan/instance';
import type { ChosenPoint } from '../plan/restore/choose-point';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import { mountHome } from '../steps/home-volume';
import type { RunningNodes } from '../steps/nodes';
import { keepUsersOut } from '../steps/restore';
import { holdBackup, restoreDrillDatabase } from '../steps/verify';
import { announceRestore } from './announce-restore';
import { homeFromSnapshots } from './home-from-snapshots';
import { startFirstNode } from './start-nodes';

interface IsolatedCopy {
  readonly drill: DrillSite;
  readonly chosen: ChosenPoint;
  /** Of the drill site's file server. */
  readonly availabilityZone: string;
}

/** Told when a part of the copy is there, by name. */
type Told = (part: 'home' | 'database' | 'node') => void;

/**
 * Home and database of a backup at the drill site, with one node that nobody but the run reaches. Every step can be undone:
 * the caller says for how long the copy stands.
 */
export async function bringUpCopy<Input>(
  run: Run<Input, Instance, Settings>,
  { drill, chosen, availabilityZone }: IsolatedCopy,
  told: Told = () => {},
): Promise<RunningNodes> {
  const { region, nodes, fileServer, database } = drill;
  const { backup, members } = chosen.point;
  await run.step(holdBackup, { region, backup, members });
  await announceRestore(run, drill);
  // The template of such a stack makes a load balancer as well.
  await run.step(keepUsersOut, { region, autoScalingGroup: nodes.autoScalingGroup });
  await run.together(
    async () => {
      const volumeIds = await homeFromSnapshots(run, {
        ...{ site: drill, availabilityZone, snapshots: chosen.volumes },
        title: 'Create the home volume from the backup',
      });
      await run.step(mountHome, { region, fileServer, volumeIds });
      told('home');
    },
    async () => {
      const { databaseName, credentials } = run.subject;
      const { cluster, ...standalone } = database;
      await run.step(restoreDrillDatabase, {
        ...{ region, snapshotId: chosen.database, databaseName },
        database: chosen.databaseKind === 'aurora' ? { ...standalone, cluster } : standalone,
        credentials: credentials.database,
      });
      told('database');
    },
  );
  const started = await startFirstNode(run, drill);
  told('node');
  return started;
}
