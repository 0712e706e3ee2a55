import { workflowInfo } from '@temporalio/workflow';
import { activeSite } from './plan/backup/active-site';
import { captureTimes } from './plan/backup/capture-times';
import { describeProduct } from './plan/backup/describe-product';
import { keyProblems } from './plan/backup/key-problems';
import type { BackupMode } from './plan/backup/manifest';
import { backupName } from './plan/backup/name';
import { productProblems } from './plan/backup/product-problems';
import type { BackupPlan, Instance, Site } from './plan/instance';
import { answeringNodeUrls } from './plan/node-urls';
import type { Settings } from './plan/settings';
import { besideSearch, endSearch } from './procedures/capture-search';
import type { BegunSearch } from './procedures/capture-search';
import { copyToSite, keepAt } from './procedures/copy-backup';
import { PART_KINDS } from './procedures/part-kinds';
import type { Run } from './runbook/run';
import { runbook } from './runbook/runbook';
import { awaitDatabase, completeBackup, writeManifest } from './steps/backup';
import type { CapturedPart, CompleteMembers, ManifestDraft } from './steps/backup';
import { drainBitbucket, lockBitbucket, unlockBitbucket } from './steps/maintenance';
import { observeProduct } from './steps/observe-product';
import type { ObservedProduct } from './steps/observe-product';
import { observeSite } from './steps/observe-site';

/** Besides what every runbook accepts. */
interface BackupInput {
  /** Instead of the policy's. */
  readonly mode?: BackupMode | undefined;
}

type BackupRun = Run<BackupInput, Instance, Settings>;

/** What is backed up, under which name, and how. */
interface Source {
  readonly site: Site;
  /** Base URLs of the nodes that answer. */
  readonly nodes: readonly string[];
  readonly plan: BackupPlan;
  readonly backup: string;
  readonly mode: BackupMode;
  readonly product: ObservedProduct;
}

/**
 * The pair of home and database as one object [B §13.4]: captured side by side, complete, described by a manifest that is
 * written once, copied to where the estate says.
 */
export const backup = runbook<BackupInput, Instance, Settings>(
  'backup',
  { recovery: false, onlyAdds: true },
  async (run) => {
    const source = await assess(run);
    const { site, mode, plan } = source;

    await run.gate('backup', `Back up ${run.subject.name} at ${site.name}`);
    const { encrypted } = await run.step(awaitDatabase, { site });
    for (const problem of keyProblems(encrypted, plan, site.name)) await run.problem(problem);
    const { region } = site;
    const { original, search, account } = await run.leavable({ undone: remains(source) }, async (part) => {
      const captureAll = () => (mode === 'locked' ? locked(part, source, capture) : capture(part, source));
      const { parts, search: begun } = await captureWithSearch(part, source, captureAll);
      const members = parts.flatMap((one) => one.members);
      const complete = await part.step(completeBackup, { region, backup: source.backup, members });
      const { sha256 } = await keep(part, source, parts, complete);
      return {
        original: {
          ...{ backup: source.backup, site: site.name, region, members: complete.members },
          ...{ sha256, store: plan.store },
        },
        search: begun,
        account: complete.account,
      };
    });

    run.verifying();
    const stands = `${source.backup} is kept; a copy that was under way completes by itself, tagged and without a record`;
    await run.leavable({ stands }, (part) =>
      part.together<unknown>(
        () => keepAt(part, original),
        ...plan.copies
          .filter((copy) => copy.site !== site.name)
          .map((copy) => () => copyToSite(part, original, copy)),
        ...(search === undefined
          ? []
          : [
              () =>
                endSearch(part, search, { store: plan.store, place: { site: site.name, region, account } }),
            ]),
      ),
    );
  },
);

/** The index of the search server is captured beside the pair, where the estate names one. */
async function captureWithSearch(
  run: BackupRun,
  { site: { search, region }, backup }: Source,
  captureAll: () => Promise<readonly CapturedPart[]>,
): Promise<{ readonly parts: readonly CapturedPart[]; readonly search?: BegunSearch }> {
  if (search === undefined) return { parts: await captureAll() };
  const beside = await besideSearch(run, { search, backup, region }, captureAll);
  return { parts: beside.done, search: beside.search };
}

/** What an emergency that has no time for the undo may leave behind. */
function remains({ site, backup, mode }: Source): string {
  const lock =
    mode === 'locked'
      ? ' Look whether Bitbucket is locked for maintenance: a restart of all nodes ends that.'
      : '';
  return (
    `In ${site.region}, snapshots with the tag runbooks:backup = ${backup} may be left, which belong to no backup: ` +
    `pruneBackups with "removeOrphans": true deletes them. The file server ends a freeze by itself.${lock}`
  );
}

/** Which site is the active one, what Bitbucket says of itself, and whether all of it would be in the backup. */
async function assess(run: BackupRun): Promise<Source> {
  const { subject, policy, input } = run;
  const { databaseName: name, credentials } = subject;
  const plan = subject.backup;
  if (plan === undefined) {
    return run.refuse({
      code: 'noBackupPlan',
      message: `The estate does not say where the backups of ${subject.name} are kept.`,
      remedy: 'Describe it: instances.<name>.backup with a store, and copies where they are wanted.',
    });
  }
  const sites = await Promise.all(
    subject.sites.map((site) =>
      run.observe(observeSite, { site, database: { name, credentials: credentials.database } }),
    ),
  );
  const active = activeSite(sites);
  if ('problem' in active) return run.refuse(active.problem);
  const site = subject.sites.find((one) => one.name === active.site);
  const facts = sites.find((one) => one.site === active.site);
  if (site === undefined || facts === undefined) throw new Error(`no site ${active.site} in the estate`);

  const mode = input.mode ?? policy.backup.mode;
  const nodes = answeringNodeUrls(site, facts);
  const { administrator } = credentials;
  const product = await run.observe(observeProduct, { nodes, administrator });
  for (const problem of productProblems(product, mode, plan.mesh)) await run.problem(problem);
  await refuseUnknownCopies(run, plan);
  const backup = backupName(subject.name, workflowInfo().startTime.toISOString());
  run.fact('backup', backup);
  run.fact('taken at', `${site.name} (${site.region}), ${mode === 'locked' ? 'users locked out' : 'in use'}`);
  run.fact('Bitbucket', describeProduct(product));
  if (plan.store.region === site.region) {
    run.fact(
      'store',
      `${plan.store.bucket} is in the same region: it would be lost together with ${site.name}`,
    );
  }
  return { site, nodes, plan, backup, mode, product };
}

async function refuseUnknownCopies(run: BackupRun, { copies }: BackupPlan): Promise<void> {
  for (const { site } of copies) {
    if (run.subject.sites.some((one) => one.name === site)) continue;
    await run.problem({
      code: 'unknownCopySite',
      message: `The estate wants a copy at "${site}", which is no site of ${run.subject.name}.`,
      remedy: `Name one of ${run.subject.sites.map((one) => one.name).join(', ')}.`,
    });
  }
}

/** Users are locked out for as long as `work` takes, and never beyond the limit: whatever goes wrong, the undo unlocks. */
function locked<T>(
  run: BackupRun,
  source: Source,
  work: (run: BackupRun, source: Source) => Promise<T>,
): Promise<T> {
  const { administrator } = run.subject.credentials;
  const { nodes } = source;
  const { drainSeconds, lockSeconds } = run.policy.backup;
  return run.hurried({ why: 'users are locked out', limitSeconds: lockSeconds }, async (part) => {
    const { unlockToken } = await part.step(lockBitbucket, { nodes, administrator });
    const limitSeconds = drainSeconds;
    await part.step(drainBitbucket, { nodes, administrator, unlockToken, limitSeconds });
    const done = await work(part, source);
    await part.step(unlockBitbucket, { nodes, administrator, unlockToken });
    return done;
  });
}

/** All parts at the same time: the closer together, the less there is to repair after a restore. */
function capture(run: BackupRun, { site, backup }: Source): Promise<readonly CapturedPart[]> {
  const { freezeLimitSeconds } = run.policy.backup;
  return run.together(
    ...Object.values(PART_KINDS).map(
      ({ capture }) =>
        () =>
          run.step(capture, { site, backup, freezeLimitSeconds }),
    ),
  );
}

/** The manifest; from here on the backup is there, whatever becomes of its copies. */
async function keep(
  run: BackupRun,
  source: Source,
  parts: readonly CapturedPart[],
  { members, account }: CompleteMembers,
) {
  const { site, backup, mode, product, plan } = source;
  const times = captureTimes(members);
  const { maxSkewSeconds } = run.policy.backup;
  if (run.pass === 'execute') {
    if (times.skewSeconds > maxSkewSeconds) {
      run.degraded(
        `home and database are ${times.skewSeconds} s apart, more than the ${maxSkewSeconds} s of the policy`,
      );
    }
    for (const what of product.unknown) run.degraded(`not known at the backup: ${what}`);
  }
  const { workflowId, runId } = workflowInfo();
  const { version, projects, repositories } = product;
  const consistency = parts.every((part) => part.consistency === 'frozen') ? 'frozen' : 'crash';
  const manifest: ManifestDraft = {
    ...{ format: 1, backup, instance: run.subject.name, mode, consistency, ...times, members },
    place: { site: site.name, region: site.region, account },
    product: { version, projects, repositories },
    run: { workflowId, runId },
  };
  const written = await run.step(writeManifest, { store: plan.store, manifest }).catch((error: unknown) => {
    run.followUp(remains(source));
    throw error;
  });
  run.report('backup', { name: backup, consistency, ...times, key: written.key, sha256: written.sha256 });
  return written;
}
