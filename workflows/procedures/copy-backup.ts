import { patched, workflowInfo } from '@temporalio/workflow';
import type { Member, Place } from '../plan/backup/manifest';
import type { BackupStore, Instance, Vault, VaultPlan } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import { copyBackup, endSharing, lockSnapshots, recordCopy, shareBackup } from '../steps/backup';
import type { CompleteMembers, CopyBackup, ShareBackup } from '../steps/backup';

type AnyRun<Input> = Run<Input, Instance, Settings>;

/** A backup as it is complete in one place. */
export interface Original {
  readonly backup: string;
  readonly site: string;
  readonly region: string;
  readonly members: readonly Member[];
  /** Of the manifest, in hex. */
  readonly sha256: string;
  readonly store: BackupStore;
}

/** Locked where it is, and copied into the vaults that lie there. */
export async function keepAt<Input>(run: AnyRun<Input>, original: Original): Promise<void> {
  const vaults = run.subject.backup?.vaults ?? [];
  await run.together<unknown>(
    () => run.optional(`the lock at ${original.site}`, (part) => lockMembers(part, original)),
    ...vaults.filter(({ site }) => site === original.site).map((vault) => () => keepIn(run, original, vault)),
  );
}

/** To another site, and from there into the vaults that lie there. The backup is one without them as well. */
export async function copyToSite<Input>(
  run: AnyRun<Input>,
  original: Original,
  { site, kmsKeyId }: { readonly site: string; readonly kmsKeyId?: string | undefined },
): Promise<void> {
  const region = run.subject.sites.find(({ name }) => name === site)?.region ?? '';
  const to = { site, region, kmsKeyId: kmsKeyId ?? null };
  const copied = await run.optional(`the copy at ${site}`, (part) => copyTo(part, original, to));
  const vaults = (run.subject.backup?.vaults ?? []).filter((vault) => vault.site === site);
  if (copied === null) {
    for (const { name } of vaults) run.degraded(`${name} got no copy: there is none at ${site} to be copied`);
    return;
  }
  const { members } = copied;
  await run.together<unknown>(
    ...vaults.map((vault) => () => keepIn(run, { ...original, site, region, members }, vault)),
  );
}

/** Back from a vault, by the permission of its account; within the region. */
export function copyFromVault<Input>(
  run: AnyRun<Input>,
  original: Original,
  {
    vault: { name, account: owner, role },
    account,
    to,
  }: {
    readonly vault: VaultPlan;
    /** Ours. */
    readonly account: string;
    readonly to: { readonly site: string; readonly kmsKeyId: string | null };
  },
): Promise<void> {
  return copyAcross(
    run,
    original,
    { ...to, region: original.region },
    {
      ...{ account, vault: { account: owner, role } },
      titles: [`Let us copy the backup from ${name}`, `Take our permission in ${name} back`],
    },
  );
}

async function keepIn<Input>(
  run: AnyRun<Input>,
  original: Original,
  { name, account, role, kmsKeyId }: VaultPlan,
): Promise<void> {
  const to = { site: name, region: original.region, kmsKeyId, vault: { account, role } };
  const titles = [`Let ${name} copy the backup`, `Take the permission of ${name} back`] as const;
  await run.optional(`the copy in ${name}`, (part) =>
    copyAcross(part, original, to, { account, titles }, (copying) =>
      part.optional(`the copy in ${name}`, copying),
    ),
  );
}

/**
 * Nothing of it is left open to the other account, whatever became of the copy.
 * @param dispensable where the run can do without the copy
 */
async function copyAcross<Input>(
  run: AnyRun<Input>,
  original: Original,
  to: CopyBackup['to'],
  {
    titles: [share, end],
    ...permission
  }: Pick<ShareBackup, 'account' | 'vault'> & { readonly titles: readonly [string, string] },
  dispensable: (work: (run: AnyRun<Input>) => Promise<unknown>) => Promise<unknown> = (work) => work(run),
): Promise<void> {
  const { region, backup, members } = original;
  const shared = { region, backup, members, ...permission };
  await run.step(shareBackup, shared, { id: `shareBackup.${to.site}`, title: share });
  await dispensable((part) => copyTo(part, original, to));
  await run.step(endSharing, shared, { id: `endSharing.${to.site}`, title: end });
}

/** Complete there, locked where the policy says so, and told of in the store. */
async function copyTo<Input>(
  run: AnyRun<Input>,
  { backup, region, members, sha256, store }: Original,
  to: CopyBackup['to'],
): Promise<CompleteMembers> {
  const { site, vault } = to;
  const copied = await run.step(
    copyBackup,
    { backup, from: region, to, members },
    { id: `copyBackup.${site}`, title: `Copy the backup to ${site}` },
  );
  // A copy that cannot be locked is one all the same: without a record nothing would ever use it, or delete it.
  const lock = (part: AnyRun<Input>): Promise<string | null> =>
    lockMembers(part, { site, region: to.region, members: copied.members }, vault);
  const lockedUntil = patched('copy-kept-without-lock')
    ? await run.optional(`the lock at ${site}`, lock)
    : await lock(run);
  const place: Place = {
    ...{ site, region: to.region, account: copied.account },
    ...(vault === undefined ? {} : { vault: true }),
  };
  await run.step(
    recordCopy,
    {
      ...{ store, sha256, instance: run.subject.name },
      record: {
        ...{ record: 'copy', backup, place, members: copied.members, lockedUntil },
        at: new Date().toISOString(),
      },
      ...(vault === undefined ? {} : { vault }),
    },
    { id: `recordCopy.${site}`, title: `Record the copy at ${site}` },
  );
  return copied;
}

/** @returns until when nobody can delete the members there; null where the policy asks for no lock */
async function lockMembers<Input>(
  run: AnyRun<Input>,
  { site, region, members }: Pick<Original, 'site' | 'region' | 'members'>,
  vault?: Vault,
): Promise<string | null> {
  const { snapshotLock } = run.policy.backup;
  if (snapshotLock === undefined) return null;
  const { mode, seconds, coolOffHours } = snapshotLock;
  const until = new Date(workflowInfo().startTime.getTime() + seconds * 1000).toISOString();
  const lock = { mode, until, coolOffHours };
  const { lockedUntil } = await run.step(
    lockSnapshots,
    { region, members, lock, ...(vault === undefined ? {} : { vault }) },
    { id: `lockSnapshots.${site}`, title: `Lock the snapshots at ${site} against deletion` },
  );
  return lockedUntil;
}
