import { workflowInfo } from '@temporalio/workflow';
import { activeSite } from './plan/backup/active-site';
import { describeProduct } from './plan/backup/describe-product';
import type { Manifest } from './plan/backup/manifest';
import { homeLossSeconds } from './plan/data-loss';
import type { Instance, Site } from './plan/instance';
import { answeringNodeUrls, nodeUrls } from './plan/node-urls';
import { asideName } from './plan/restore/aside-name';
import { choosePoint, describePoints } from './plan/restore/choose-point';
import type { ChosenPoint } from './plan/restore/choose-point';
import { numbersAfter } from './plan/restore/node-numbers';
import { productFit } from './plan/restore/product-fit';
import type { Settings } from './plan/settings';
import { announceRestore } from './procedures/announce-restore';
import { findRestorePoints } from './procedures/find-restore-points';
import { homeFromSnapshots } from './procedures/home-from-snapshots';
import { findIndexCopy, restoreIndex } from './procedures/restore-index';
import type { IndexCopy } from './procedures/restore-index';
import { tellSecondInstance } from './procedures/second-instance';
import { proveService, settle } from './procedures/settle';
import { startFirstNode, startOtherNodes, testFirstNode } from './procedures/start-nodes';
import { valueOf } from './runbook/observed';
import type { Run } from './runbook/run';
import { runbook } from './runbook/runbook';
import { countLostPushes } from './steps/count-lost-pushes';
import type { LostPushes } from './steps/count-lost-pushes';
import { configureDatabase } from './steps/database';
import type { ConfiguredDatabase } from './steps/database';
import { fenceNodes } from './steps/fence';
import { mountHome } from './steps/home-volume';
import type { RunningNodes } from './steps/nodes';
import { observeProduct } from './steps/observe-product';
import { observeSite } from './steps/observe-site';
import type { SiteFacts } from './steps/observe-site';
import {
  admitUsers,
  compareWithBackup,
  configureCluster,
  keepUsersOut,
  readManifest,
  restoreDatabase,
  setDatabaseAside,
  setNodeNumbers,
  unmountHome,
} from './steps/restore';
import type { RenamedCluster } from './steps/restore';
import { holdBackup } from './steps/verify';

/** Besides what every runbook accepts. */
interface RestoreInput {
  /** Name of the backup, as `runbooks backups list` shows it. Without one the run lists them and ends. */
  readonly backup?: string | undefined;
  /** Name of the site; needed only where it cannot be seen which one is active. */
  readonly site?: string | undefined;
  /** Name of the instance once more: for scripts, which have nobody who reads what the gate says. */
  readonly confirm?: string | undefined;
  readonly mode?: 'inPlace' | undefined;
}

type RestoreRun = Run<RestoreInput, Instance, Settings>;

/** What is restored, where, and what becomes of what is there. */
interface Target {
  readonly site: Site;
  readonly facts: SiteFacts;
  readonly others: readonly SiteFacts[];
  readonly chosen: ChosenPoint;
  readonly manifest: Manifest | null;
  readonly asideId: string;
  /** Of Aurora. */
  readonly cluster: RenamedCluster | undefined;
  readonly keepUntil: string;
  /** Null: it is built anew. */
  readonly index: IndexCopy | null;
}

/**
 * Home and database of the active site as they were at a backup [B §13.5]. What is there is kept under another name, and
 * is put back by an undo until users are let in again: from then on the run only goes forward. In between an emergency
 * waits for it, or for its undo: neither is worth anything when it is cut short.
 */
export const restore = runbook<RestoreInput, Instance, Settings>(
  'restore',
  { recovery: true },
  async (run) => {
    const target = await assess(run);
    const { site, facts, chosen } = target;
    const { region } = site;
    const { autoScalingGroup } = site.nodes;

    await run.gate(
      'restore',
      `Replace home and database of ${run.subject.name} at ${site.name} by ${chosen.point.backup} of ${chosen.point.capturedAt}`,
    );
    const { backup, members } = chosen.point;
    await run.step(holdBackup, { region, backup, members });
    // Before the nodes are stopped: a stack update may give the group other numbers [B §9.2 #10, §14 #28].
    await announceRestore(run, site);
    const stopped = await run.step(
      fenceNodes,
      { site: site.name, region, autoScalingGroup },
      { id: 'stopNodes', title: 'Stop all nodes and keep them stopped' },
    );
    if (!stopped.proven) refuseRunningNodes(run, stopped.reason);
    await run.step(keepUsersOut, { region, autoScalingGroup });
    // Home and database have nothing to do with each other until a node starts.
    let configured: ConfiguredDatabase = { changed: [] };
    await run.together(
      () => replaceHome(run, target),
      async () => void (configured = await replaceDatabase(run, target)),
    );
    const first = await startFirstNode(run, site, { afterStop: true });
    await compare(run, target, first);
    await testFirstNode(run, site, first);
    await run.step(admitUsers, { region, autoScalingGroup, loadBalancer: site.loadBalancer.name });
    // Whatever becomes of the rest: users write from here, and nothing of this is taken back any more.
    tellSecondInstance(run, site.database.id, configured);
    leaveWord(run, target);
    reportLoss(run, target, null);

    const numbers = numbersAfter(valueOf(facts.group), site.nodes.count);
    const stands =
      'home and database are restored and users are let in; nodes may be missing, and the search index may be the newer one';
    await run.leavable({ stands }, async (part) => {
      await startOtherNodes(part, site, numbers.desired, { afterStop: true });
      await part.step(setNodeNumbers, { region, autoScalingGroup, ...numbers });
      part.verifying();
      await settleWithIndex(part, target, first, numbers.desired);
      reportLoss(part, target, await countLoss(part, target));
    });
  },
);

/** Which site, which backup, and whether the one can take the other. */
async function assess(run: RestoreRun): Promise<Target> {
  const { subject, input, policy } = run;
  if (input.confirm !== undefined && input.confirm !== subject.name) {
    return run.refuse({
      code: 'otherTarget',
      message: `"confirm" names ${input.confirm}, the run is for ${subject.name}.`,
      remedy: 'Look which of the two is meant.',
    });
  }
  const database = { name: subject.databaseName, credentials: subject.credentials.database };
  const sites = await Promise.all(subject.sites.map((site) => run.observe(observeSite, { site, database })));
  const facts = findSite(run, sites);
  const site = subject.sites.find((one) => one.name === facts.site);
  if (site === undefined) throw new Error(`no site ${facts.site} in the estate`);
  const { found } = await findRestorePoints(run);
  for (const what of found.silent) run.fact('not seen', what);
  if (input.backup === undefined) return listPoints(run, site, found.points);

  const choice = choosePoint(found.points, input.backup, site);
  if ('problem' in choice) return run.refuse(choice.problem);
  if (choice.databaseKind === 'rds' && site.database.cluster !== undefined) {
    return run.refuse({
      code: 'otherEngine',
      message: `${input.backup} holds an RDS instance; the database of ${site.name} is the cluster ${site.database.cluster}.`,
      remedy: 'Take a backup of the cluster, or bring this one up at the drill site (restoreBeside).',
    });
  }
  const manifest = await checkManifest(run, site, facts, input.backup);
  const at = workflowInfo().startTime;
  const keepUntil = new Date(at.getTime() + policy.restore.keepReplacedSeconds * 1000).toISOString();
  const asideId = asideName(site.database.id, at.toISOString());
  const { cluster: clusterId } = site.database;
  const cluster =
    clusterId === undefined ? undefined : { id: clusterId, asideId: asideName(clusterId, at.toISOString()) };
  run.fact('target', `${subject.name} at ${site.name} (${site.region}): home and database are replaced`);
  run.fact('backup', `${choice.point.backup}, captured ${choice.point.capturedAt}`);
  run.fact('given up', `everything that was written after ${choice.point.capturedAt}`);
  run.fact(
    'kept',
    `the present volumes, and the database as ${cluster?.asideId ?? asideId}, until ${keepUntil.slice(0, 10)} at least`,
  );
  const others = sites.filter((one) => one.site !== site.name);
  const index = await findIndexCopy(run, site, found.points, input.backup);
  return { site, facts, others, chosen: choice, manifest, asideId, cluster, keepUntil, index };
}

function findSite(run: RestoreRun, sites: readonly SiteFacts[]): SiteFacts {
  const { input, subject } = run;
  const active = input.site === undefined ? activeSite(sites) : { site: input.site };
  if ('problem' in active) {
    const remedy = `${active.problem.remedy} Or name the site that is to be restored: "site".`;
    return run.refuse({ ...active.problem, remedy });
  }
  const facts = sites.find((one) => one.site === active.site);
  if (facts !== undefined) return facts;
  return run.refuse({
    code: 'unknownSite',
    message: `${subject.name} has no site "${active.site}".`,
    remedy: `Its sites are ${sites.map((one) => one.site).join(', ')}.`,
  });
}

/** Without a name there is nothing to approve: the run shows what there is, and ends. */
function listPoints(run: RestoreRun, site: Site, points: Parameters<typeof describePoints>[0]): never {
  const lines = describePoints(points, site.region);
  for (const [backup, description] of lines) run.fact(backup, description);
  const list = lines.map(([backup, description]) => `${backup} (${description})`).join('\n');
  return run.refuse({
    code: 'noBackupNamed',
    message: `It was not said which backup is to be restored. In ${site.region} there ${lines.length === 0 ? 'is none' : `are:\n${list}`}.`,
    remedy:
      lines.length === 0
        ? 'Look for copies in other regions with `runbooks backups list`, and copy one here.'
        : `Start again with one of them: { "instance": "${run.subject.name}", "backup": "${lines[0]?.[0] ?? ''}" }.`,
  });
}

async function checkManifest(
  run: RestoreRun,
  site: Site,
  facts: SiteFacts,
  backup: string,
): Promise<Manifest | null> {
  const { subject } = run;
  const store = subject.backup?.store;
  if (store === undefined) throw new Error('found restore points without a store');
  const { manifest, reason } = await run.observe(readManifest, { store, instance: subject.name, backup });
  const running = await run.observe(observeProduct, {
    nodes: answeringNodeUrls(site, facts),
    administrator: subject.credentials.administrator,
  });
  for (const problem of productFit(manifest, running.version)) await run.problem(problem);
  if (manifest === null) {
    await run.problem({
      code: 'noManifest',
      message: `The manifest of ${backup} cannot be read: ${reason ?? 'no reason given'}.`,
      remedy:
        'Mend the way to the store. Or consent: version, projects and repositories are then compared with nothing.',
      consent: 'uncheckedRestore',
    });
  } else {
    run.fact('Bitbucket', `${describeProduct(manifest.product)} in the backup`);
  }
  return manifest;
}

function refuseRunningNodes(run: RestoreRun, reason: string | null): never {
  return run.refuse({
    code: 'nodesNotStopped',
    message: `It was not seen that all nodes are stopped: ${reason ?? 'no reason given'}.`,
    remedy:
      'A node that runs would write to the home while it is replaced. Mend the way to the region, start again.',
  });
}

/** 3–4: the volumes change places; those that are taken off are tagged and kept. */
async function replaceHome(run: RestoreRun, { site, facts, chosen }: Target): Promise<void> {
  const { region, fileServer } = site;
  await run.step(unmountHome, { region, fileServer });
  const volumeIds = await homeFromSnapshots(run, {
    site,
    availabilityZone: valueOf(facts.fileServer)?.availabilityZone ?? '',
    snapshots: chosen.volumes,
    title: 'Create the home volume from the backup',
  });
  await run.step(mountHome, { region, fileServer, volumeIds });
}

/** 5–7: the same identifier, and so the same endpoint, with the data of the backup. */
async function replaceDatabase(
  run: RestoreRun,
  { site, chosen, asideId, cluster, keepUntil }: Target,
): Promise<ConfiguredDatabase> {
  const { region, database } = site;
  const {
    id: databaseId,
    securityGroups,
    parameterGroup,
    multiAz,
    backupRetentionDays,
    deletionProtection,
  } = database;
  const groups = { securityGroups, ...(parameterGroup === undefined ? {} : { parameterGroup }) };
  const renamed = cluster === undefined ? {} : { cluster };
  await run.step(setDatabaseAside, { region, databaseId, asideId, ...renamed, keepUntil });
  await run.step(restoreDatabase, {
    ...{ region, databaseId, asideId, ...renamed, snapshotId: chosen.database, ...groups },
    databaseName: run.subject.databaseName,
    credentials: run.subject.credentials.database,
  });
  if (cluster !== undefined) {
    return run.step(configureCluster, {
      ...{ region, clusterId: cluster.id, backupRetentionDays, deletionProtection },
    });
  }
  return run.step(
    configureDatabase,
    {
      ...{ region, databaseId, multiAz, backupRetentionDays, deletionProtection, ...groups },
      ...{ afterRestore: true, formerId: asideId, multiAzMayFollow: true },
    },
    { title: 'Set backups, groups and protection of the restored database' },
  );
}

/** 10: what came back is what was backed up, before any user sees it. */
async function compare(run: RestoreRun, { site, manifest }: Target, { nodes }: RunningNodes): Promise<void> {
  await run.step(compareWithBackup, {
    nodes: nodeUrls(site, nodes),
    administrator: run.subject.credentials.administrator,
    expected: manifest?.product ?? { version: null, projects: null, repositories: null },
    remedy: 'Nobody was let in yet: abort gives the former instance back; skip if you know why',
  });
}

/** Users are in: the proof that they are served does not wait for an index, whichever way it comes. */
async function settleWithIndex(
  run: RestoreRun,
  { site, index }: Target,
  first: RunningNodes,
  count: number,
): Promise<void> {
  if (index === null) return settle(run, site, first, count);
  await run.together(
    () => proveService(run, site, first, count),
    () => restoreIndex(run, site, first, index),
  );
}

/** The former database remembers every push; those that the restored home lacks are what was given up. */
function countLoss(run: RestoreRun, { site, chosen, asideId }: Target): Promise<LostPushes | null> {
  return run.measure(countLostPushes, {
    region: site.region,
    databaseId: asideId,
    databaseName: run.subject.databaseName,
    credentials: run.subject.credentials.database,
    fileServer: site.fileServer,
    since: chosen.point.capturedAt,
  });
}

/** @param compared null: not yet, or not to be had */
function reportLoss(run: RestoreRun, { site, chosen, asideId }: Target, compared: LostPushes | null): void {
  const { backup, capturedAt } = chosen.point;
  const seconds = Math.round(homeLossSeconds(capturedAt, run.incidentStartedAt) * 10) / 10;
  run.report('restore', { backup, capturedAt, site: site.name, formerDatabase: asideId });
  run.report('rpo', {
    databaseSeconds: seconds,
    homeSeconds: seconds,
    pushesCompared: compared?.compared ?? null,
    ...(compared?.notChecked === undefined ? {} : { pushesNotChecked: compared.notChecked }),
    lostPushes: compared?.lostPushes ?? null,
  });
}

function leaveWord(run: RestoreRun, { site, others, asideId, cluster, keepUntil }: Target): void {
  const { workflowId } = workflowInfo();
  run.followUp(
    `Once the restored instance is accepted, not before ${keepUntil.slice(0, 10)}: delete the database ${asideId} ${cluster === undefined ? '' : `and then the cluster ${cluster.asideId} `}(its deletion ` +
      `protection has to be lifted) and the volumes with the tag runbooks:replaced-by = ${workflowId}, both in ${site.region}.`,
  );
  run.followUp(
    `Remove disaster.recovery from the properties of ${site.stack.name} once the integrity checks are done.`,
  );
  run.followUp(
    `Leave HomeVolumeSnapshotId and DBSnapshotId of ${site.stack.name} as they are: changing them replaces home or database.`,
  );
  for (const other of others.filter(({ database }) => valueOf(database)?.role === 'replica')) {
    run.followUp(
      `Rebuild the protection: the replica at ${other.site} follows ${asideId}, not the restored database, and is of no use for a failover.`,
    );
  }
  for (const mirror of run.subject.mirrors) {
    run.followUp(
      `The mirror ${mirror.name} may be ahead of the restored instance: compare the hashes of its repositories, or synchronise it anew.`,
    );
  }
}
