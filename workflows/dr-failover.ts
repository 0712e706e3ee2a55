import { patched } from '@temporalio/workflow';

import { databaseLossSeconds, homeLossSeconds, judgeHomeLoss } from './plan/data-loss';
import { chooseHomeCopy } from './plan/home-copies';
import type { HomeCopySet } from './plan/home-copies';
import type { Instance, Site } from './plan/instance';
import { primaryIsBack } from './plan/primary-back';
import { judgePrimary } from './plan/primary-health';
import { judgeReplicaSource } from './plan/replica-source';
import { describeReach, reachOf } from './plan/reach';
import type { Reach } from './plan/reach';
import { describeReplication } from './plan/replication';
import { unprovenFence } from './plan/unproven-fence';
import { decideRoles } from './plan/roles';
import type { Settings } from './plan/settings';
import { fence } from './procedures/fence';
import { homeFromSnapshots } from './procedures/home-from-snapshots';
import { LateFence } from './procedures/late-fence';
import { tellSecondInstance } from './procedures/second-instance';
import { settle } from './procedures/settle';
import { startFirstNode, startOtherNodes, testFirstNode } from './procedures/start-nodes';
import { describeObserved, valueOf } from './runbook/observed';
import type { Run } from './runbook/run';
import { runbook } from './runbook/runbook';
import { countLostPushes } from './steps/count-lost-pushes';
import { configureDatabase, promoteReplica, snapshotDatabase } from './steps/database';
import type { PromotedDatabase } from './steps/database';
import { mountHome, unmountFormerHome } from './steps/home-volume';
import { listHomeCopies } from './steps/list-home-copies';
import { observeSite } from './steps/observe-site';
import type { ObserveSite, SiteFacts } from './steps/observe-site';
import { probeService } from './steps/probe-service';
import { switchDns } from './steps/service';
import { setStackProperties } from './steps/stack-properties';

/** Besides what every runbook accepts. */
interface DrFailoverInput {
  /** Name of the site that is to take over; needed only where the estate has several standbys. */
  readonly target?: string | undefined;
}

type FailoverRun = Run<DrFailoverInput, Instance, Settings>;

/** What the failover goes by: who is lost, who takes over, and from which copy. */
interface Situation {
  readonly primary: Site;
  readonly standby: Site;
  readonly standbyFacts: SiteFacts;
  readonly copies: HomeCopySet;
  /** How much of AWS in the lost region answered; what answers is fenced before anything else. */
  readonly reach: Reach;
}

/**
 * Unplanned failover to the other region [B §13.1]: fence what is left of the primary, bring up the home from its newest
 * complete copy, promote the replica, start the nodes, move the name, verify.
 */
export const drFailover = runbook<DrFailoverInput, Instance, Settings>(
  'drFailover',
  { recovery: true, emergency: true },
  async (run) => {
    const situation = await assess(run);
    const { primary, standby, standbyFacts, reach } = situation;

    run.report('fence', { site: primary.name, region: primary.region, state: 'not set' });
    await run.gate('failover', `Fail ${run.subject.name} over from ${primary.name} to ${standby.name}`);
    // A part of AWS may be silent while the rest answers, and the site goes on writing: what answers is fenced.
    let fenced = reach !== 'none' && (await fence(run, primary));
    const silent = reach === 'all' ? null : primary;
    const { region, fileServer } = standby;
    // A volume cannot be replaced while it is mounted, as that of a former primary is.
    if (patched('dr-failover-unmount-former-home')) await run.step(unmountFormerHome, { region, fileServer });
    const volumeIds = await homeFromSnapshots(run, {
      site: standby,
      availabilityZone: valueOf(standbyFacts.fileServer)?.availabilityZone ?? '',
      snapshots: situation.copies.snapshots,
    });
    const back = await watch(run, fenced ? null : silent, reach, () =>
      run.step(mountHome, { region, fileServer, volumeIds }),
    );
    if (back !== null) {
      if (reach === 'none') await run.problem(primaryIsBack(back));
      fenced = await fence(run, primary);
    }
    const promoted = await promote(run, standby);
    // From here on a region that comes back is fenced without asking, before anything writes beside it.
    const late = await watch(run, fenced ? null : silent, reach, () => announceDisaster(run, standby));
    if (late !== null) fenced = await fence(run, primary);
    // A plan holds the steps once, where they are made first.
    const isDone = fenced || (run.pass === 'plan' && reach !== 'none');
    const lateFence = new LateFence(run, primary, isDone, reach === 'none' ? 'any' : 'all');
    const bringUp = async (): Promise<void> => {
      const first = await startFirstNode(run, standby);
      await testFirstNode(run, standby, first);
      // What did not answer is tried at the last moment before users write to the other side.
      if (silent !== null) await lateFence.attempt();
      await run.step(switchDns, {
        dns: run.subject.dns,
        target: valueOf(standbyFacts.balancer)?.dnsName ?? '',
      });
      await startOtherNodes(run, standby, nodesWanted(run, standby));

      run.verifying();
      await settle(run, standby, first, nodesWanted(run, standby));
      await reportLoss(run, situation, promoted);
    };
    await (silent === null ? bringUp() : lateFence.during(bringUp));
    await leaveWord(run, situation, lateFence.proven);
  },
);

/** 1–2: evidence from two vantage points, the lag, and the pair to go on with. */
async function assess(run: FailoverRun): Promise<Situation> {
  const { subject, policy } = run;
  const cluster = subject.sites.map(({ database }) => database.cluster).find((one) => one !== undefined);
  if (cluster !== undefined) {
    return run.refuse({
      code: 'clusterNotSupported',
      message: `The database of ${subject.name} is an Aurora cluster (${cluster}); this runbook promotes RDS read replicas only.`,
      remedy:
        'Fail its global database over by hand, and bring up the home from the newest copy of a backup.',
    });
  }
  const [probes, ...sites] = await Promise.all([
    run.observe(probeService, { url: subject.url, dns: subject.dns, ...policy.detection }),
    ...subject.sites.map((site) => run.observe(observeSite, observation(run, site))),
  ]);
  const roles = decideRoles(sites, run.input.target ?? null);
  if ('problem' in roles) return run.refuse(roles.problem);
  const primary = find(subject.sites, roles.primary);
  const standby = find(subject.sites, roles.standby);
  const standbyFacts = findFacts(sites, roles.standby);

  run.fact('lost site', `${primary.name} (${primary.region})`);
  run.fact('takes over', `${standby.name} (${standby.region})`);
  const health = judgePrimary(findFacts(sites, roles.primary), probes, policy.detection.probes);
  for (const { label, value } of health.evidence) run.fact(label, value);
  for (const problem of health.problems) await run.problem(problem);
  for (const problem of judgeReplicaSource(primary, standbyFacts)) await run.problem(problem);

  run.fact(
    'replica lag',
    describeObserved(standbyFacts.lag, (lag) => describeLag(lag.metricSeconds, lag.metricAgeSeconds)),
  );
  if (standbyFacts.replication !== undefined) {
    const { incidentStartedAt } = run;
    const isSourceSeen = findFacts(sites, roles.primary).database.state === 'known';
    run.fact(
      'replication',
      describeObserved(standbyFacts.replication, (replication) =>
        describeReplication({ ...replication, incidentStartedAt, isSourceSeen }),
      ),
    );
  }
  if (standbyFacts.balancer.state !== 'known') {
    await run.problem({
      code: 'noLoadBalancer',
      message: `The load balancer ${standby.loadBalancer.name} of ${standby.name} was not seen: ${standbyFacts.balancer.reason}.`,
      remedy: 'The service name needs a target: create the standby load balancer, or mend the access to it.',
    });
  }
  const reach = reachNow(findFacts(sites, roles.primary));
  if (reach === 'part')
    run.fact(`services in ${primary.region}`, describeReach(findFacts(sites, roles.primary)));
  // The plan has this problem from its fence steps; a region that falls silent after it is asked about before anything final.
  if (reach === 'none' && run.pass === 'execute') {
    await run.problem(unprovenFence(primary, `${primary.region} does not answer any more`));
  }
  return { primary, standby, standbyFacts, copies: await chooseCopies(run, standby), reach };
}

async function chooseCopies(run: FailoverRun, standby: Site): Promise<HomeCopySet> {
  const { copies, ignored } = await run.observe(listHomeCopies, {
    region: standby.region,
    instance: run.subject.name,
  });
  const choice = chooseHomeCopy(
    copies,
    standby.fileServer.volumes.map((volume) => volume.name),
  );
  if (choice.chosen === null) return run.refuse(choice.problem);
  const { chosen, passedOver, problems } = choice;
  const loss = homeLossSeconds(chosen.capturedAt, run.incidentStartedAt);
  run.fact(
    'home copy',
    `${chosen.backup} of ${chosen.capturedAt}, ${Math.round(loss)} s before the incident`,
  );
  if (passedOver.length > 0) run.fact('newer copies not usable', passedOver.join('; '));
  if (ignored.length > 0) run.fact('snapshots ignored', ignored.join('; '));
  const ofLoss = judgeHomeLoss(loss, run.policy.dataLoss.homeSeconds);
  for (const problem of [...problems, ...ofLoss]) await run.problem(problem);
  return chosen;
}

/**
 * Carries out `work`, and meanwhile looks whether the site that did not answer, or the rest of it, does so again: that costs
 * no time of its own, while an unreachable region takes all the time limits there are.
 * @returns what was seen of it when it is back
 */
async function watch(
  run: FailoverRun,
  silent: Site | null,
  before: Reach,
  work: () => Promise<unknown>,
): Promise<SiteFacts | null> {
  let facts: SiteFacts | null = null;
  await run.together<unknown>(work, async () => {
    if (silent !== null) facts = await run.measure(observeSite, observation(run, silent));
  });
  if (facts === null) return null;
  const reach = reachNow(facts);
  return reach === 'all' || (reach === 'part' && before === 'none') ? facts : null;
}

/** 6–8: the database becomes primary and gets a primary's settings. */
async function promote(run: FailoverRun, standby: Site): Promise<PromotedDatabase> {
  const { region, database } = standby;
  const { id: databaseId, backupRetentionDays } = database;
  if (run.policy.failover.snapshotBeforePromotion) await run.step(snapshotDatabase, { region, databaseId });
  const promoted = await run.step(promoteReplica, {
    region,
    databaseId,
    databaseName: run.subject.databaseName,
    credentials: run.subject.credentials.database,
    backupRetentionDays,
    lagLimitSeconds: run.policy.dataLoss.databaseSeconds,
    incidentStartedAt: run.incidentStartedAt,
  });
  const { multiAz, deletionProtection, parameterGroup, securityGroups } = database;
  const configured = await run.step(configureDatabase, {
    region,
    databaseId,
    multiAz,
    backupRetentionDays,
    deletionProtection,
    ...(parameterGroup === undefined ? {} : { parameterGroup }),
    securityGroups,
    multiAzMayFollow: true,
  });
  tellSecondInstance(run, databaseId, configured);
  return promoted;
}

/** 9: Bitbucket is told that it comes up from a copy. */
function announceDisaster(run: FailoverRun, { region, stack }: Site): Promise<unknown> {
  return run.step(setStackProperties, {
    region,
    stack: stack.name,
    parameter: stack.propertiesParameter,
    set: { 'disaster.recovery': 'true' },
  });
}

/** What was lost, by the times and by comparing the database with the home. */
async function reportLoss(
  run: FailoverRun,
  { standby, copies }: Situation,
  promoted: PromotedDatabase,
): Promise<void> {
  const compared = await run.measure(countLostPushes, {
    region: standby.region,
    databaseId: standby.database.id,
    databaseName: run.subject.databaseName,
    credentials: run.subject.credentials.database,
    fileServer: standby.fileServer,
    since: copies.capturedAt,
  });
  run.report('rpo', {
    databaseSeconds: databaseLossSeconds(promoted.lastReplayedAt, run.incidentStartedAt),
    homeSeconds: Math.round(homeLossSeconds(copies.capturedAt, run.incidentStartedAt) * 10) / 10,
    pushesCompared: compared?.compared ?? null,
    ...(compared?.notChecked === undefined ? {} : { pushesNotChecked: compared.notChecked }),
    lostPushes: compared?.lostPushes ?? null,
  });
}

async function leaveWord(run: FailoverRun, { primary, standby }: Situation, fenced: boolean): Promise<void> {
  run.followUp(`Rebuild the protection: ${standby.name} has neither a replica nor copies of its home.`);
  run.followUp(
    `Remove disaster.recovery from the properties of ${standby.stack.name} once the integrity checks are done.`,
  );
  run.followUp(
    `Keep ${primary.name} down; its database can never rejoin and holds the pushes that were lost.`,
  );
  if (fenced) return;
  const waiting = await run.leave('fenceLostSite', { instance: run.subject.name, site: primary.name });
  run.followUp(
    `Prove the fence of ${primary.name} when ${primary.region} can be reached again: ${waiting ?? 'fenceLostSite'} waits for that and does it.`,
  );
}

function nodesWanted(run: FailoverRun, standby: Site): number {
  return run.policy.failover.nodes ?? standby.nodes.count;
}

function observation({ subject }: FailoverRun, site: Site): ObserveSite {
  return {
    site,
    database: { name: subject.databaseName, credentials: subject.credentials.database },
  };
}

/**
 * How much of AWS in the site's region answered. Runs of an earlier version went by Auto Scaling alone: they go on as they
 * began where that makes a difference.
 */
function reachNow(facts: SiteFacts): Reach {
  const reach = reachOf(facts);
  const former = facts.group.state === 'known' ? 'all' : 'none';
  return reach === former || patched('reach-by-every-service') ? reach : former;
}

function describeLag(seconds: number | null, age: number | null): string {
  return seconds === null
    ? 'no measurement'
    : `${seconds} s${age === null ? '' : `, measured ${Math.round(age)} s ago`}`;
}

function find(sites: readonly Site[], name: string): Site {
  const site = sites.find((one) => one.name === name);
  if (site === undefined) throw new Error(`no site ${name}`);
  return site;
}

function findFacts(sites: readonly SiteFacts[], name: string): SiteFacts {
  const site = sites.find((one) => one.site === name);
  if (site === undefined) throw new Error(`no facts of ${name}`);
  return site;
}
