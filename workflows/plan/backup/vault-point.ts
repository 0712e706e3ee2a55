import type { Problem } from '../../runbook/step';
import type { Instance, Site, VaultPlan } from '../instance';
import type { Manifest, Member } from './manifest';
import { isAt, placeName } from './restore-point';
import type { RestorePoint } from './restore-point';

/** A backup in a vault, and the site that it can be copied back to. */
export interface VaultPoint {
  readonly point: RestorePoint;
  readonly vault: VaultPlan;
  readonly site: Site;
  /** Ours, for the copy; null where the estate names none. */
  readonly kmsKeyId: string | null;
}

interface Wish {
  readonly backup: string;
  /** Name of a vault. */
  readonly from?: string | undefined;
}

/** The whole copy of a backup in a vault, or the reason why there is nothing to fetch. */
export function chooseVaultPoint(
  points: readonly RestorePoint[],
  { backup, from }: Wish,
  { backup: plan, sites }: Pick<Instance, 'backup' | 'sites'>,
): VaultPoint | { readonly problem: Problem } {
  const places = points.filter((point) => point.backup === backup);
  const inVaults = places.filter(({ place }) => place.vault === true);
  const wanted = inVaults.filter(({ place }) => from === undefined || place.site === from);
  const [point, another] = wanted;
  if (point === undefined) {
    const where = places.map(({ place }) => placeName(place)).join(', ');
    return refusal(
      'notInVault',
      `${backup} is not in ${from ?? 'any vault'}${where === '' ? ', nor anywhere else' : `, but in ${where}`}.`,
      'See `runbooks backups list` for what is where.',
    );
  }
  if (another !== undefined) {
    const names = wanted.map(({ place }) => place.site).join(', ');
    return refusal('severalVaults', `${backup} is in ${names}.`, 'Say from which: "from" in the input.');
  }
  if (point.state !== 'complete') {
    return refusal(
      'incompletePair',
      `${backup} in ${placeName(point.place)} is ${point.state}: ${point.detail.join(', ') || 'no reason is known'}.`,
      'Half a backup is none. Wait if it is pending, or take another one.',
    );
  }
  const { region } = point.place;
  const here = places.find((one) => isAt(one, region));
  // Deleted behind our back is what a vault is for: the record of it stays.
  if (here?.members.some(({ status }) => status !== 'missing') === true) {
    return here.state === 'complete'
      ? refusal('alreadyThere', `${backup} is in ${placeName(here.place)} already.`, 'Restore it from there.')
      : refusal(
          'remainsThere',
          `${backup} in ${placeName(here.place)} is ${here.state}: ${here.detail.join(', ') || 'no reason is known'}.`,
          'Remove what is left of it first (pruneBackups with removeOrphans, or by hand), or take another one.',
        );
  }
  const vault = plan?.vaults?.find(({ name }) => name === point.place.site);
  const site = sites.find(({ name }) => name === vault?.site);
  if (vault === undefined || site === undefined)
    return refusal(
      'unknownVault',
      `The estate has no vault "${point.place.site ?? '?'}".`,
      'Describe it: backup.vaults.',
    );
  const copy = plan?.copies.find((one) => one.site === site.name);
  return { point, vault, site, kmsKeyId: copy?.kmsKeyId ?? null };
}

/** The members as they are in the vault: what the manifest says of them, under the ids that they have there. */
export function membersInVault(
  { members }: Pick<Manifest, 'members'>,
  { members: there, place: { region, account } }: Pick<RestorePoint, 'members' | 'place'>,
): readonly Member[] {
  return there.flatMap(({ kind, name, id }) => {
    const member = members.find((one) => one.kind === kind && one.name === name);
    if (member === undefined) return [];
    const partition = member.arn?.split(':')[1] ?? 'aws';
    const arn =
      kind === 'ebs'
        ? `arn:${partition}:ec2:${region}:${account}:snapshot/${id}`
        : `arn:${partition}:rds:${region}:${account}:${kind === 'aurora' ? 'cluster-snapshot' : 'snapshot'}:${id}`;
    return [{ ...member, id, arn }];
  });
}

function refusal(code: string, message: string, remedy: string): { readonly problem: Problem } {
  return { problem: { code, message, remedy } };
}
