import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';

import { makeCatalogue } from '../../../workflows/plan/backup/catalogue';
import type { StoredBackup } from '../../../workflows/plan/backup/catalogue';
import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { Place } from '../../../workflows/plan/backup/manifest';
import { isDeletedByName } from '../../../workflows/plan/backup/object-keys';
import { placeKey } from '../../../workflows/plan/backup/restore-point';
import type { Observed } from '../../../workflows/runbook/observed';
import type {
  FoundRestorePoints,
  ListRestorePoints,
  VaultPlace,
} from '../../../workflows/steps/restore-points';
import type { Dependencies } from '../../dependencies';
import { actionsOf, listMembers } from '../backup/part-kinds';
import { askAws, AwsTransient } from '../errors';
import { inVault, VAULT_ACTIONS } from '../in-vault';
import { observe } from '../observe';
import { STORE_READS } from '../s3/objects';
import { listBackups, readFolders } from '../s3/read-backups';
import type { BackupFolder } from '../s3/read-backups';
import { openAmong, openRunsOf } from './open-runs';

/** IAM actions of a look. */
export const LOOK_ACTIONS = [
  ...actionsOf('list'),
  ...STORE_READS,
  'sts:GetCallerIdentity',
  ...VAULT_ACTIONS,
] as const;

/** Looks everywhere at once. What does not answer is named in `silent`, never taken for empty. */
export async function lookForPoints(
  dependencies: Dependencies,
  instance: string,
  { sites, vaults = [], store, timeZone, backups }: ListRestorePoints,
): Promise<FoundRestorePoints> {
  const account = await accountOf(
    dependencies,
    sites.map(({ region }) => region),
  );
  const places = [
    ...[...new Set(sites.map(({ region }) => region))].map((region): Place => ({
      site: sites.find((site) => site.region === region)?.name ?? null,
      region,
      account,
    })),
    ...vaults.map((vault): Place => ({
      ...{ site: vault.name, region: vault.region, account: vault.account },
      vault: true,
    })),
  ];
  const [listed, ...found] = await Promise.all([
    look(() => listBackups(dependencies, store, instance, backups)),
    ...places.map((place) =>
      look(() => listMembers(atPlace(dependencies, place, vaults), place, instance, backups)),
    ),
  ]);
  const seen = places.filter((_place, index) => found[index]?.state === 'known');
  const snapshots = found.flatMap((one) => (one.state === 'known' ? one.value : []));
  const tagged = new Set(snapshots.map(({ tags }) => tags[TAGS.backup]));
  // Nothing in the store is ever deleted: what is over, and of which nothing is found, is not read again for ever.
  const isNeeded = ({ backup, names }: BackupFolder): boolean =>
    backups !== undefined || tagged.has(backup) || !isDeletedByName(names);
  const stored =
    listed.state === 'known'
      ? await look(() => readFolders(dependencies, store, instance, listed.value.filter(isNeeded)))
      : listed;
  const silent = [stored, ...found].flatMap((one) => (one.state === 'known' ? [] : [one.reason]));
  const users = snapshots.map(({ tags }) => tags[TAGS.usedBy]).filter((run) => run !== undefined);
  const runs = await openRunsOf(instance);
  const known: readonly StoredBackup[] | null = stored.state === 'known' ? stored.value : null;
  const catalogue = makeCatalogue({
    places: seen,
    snapshots,
    stored: known,
    uses: runs.uses,
    openRuns: new Set([...runs.open, ...(await openAmong(users))]),
    timeZone,
  });
  return { ...catalogue, silent, account };
}

/** With the role of the vault, where the place is one. */
export function atPlace(
  dependencies: Dependencies,
  place: Place,
  vaults: readonly VaultPlace[] = [],
): Dependencies {
  const vault = vaults.find((one) => placeKey(one) === placeKey(place));
  return inVault(dependencies, place.vault === true ? vault : undefined, place.region);
}

/** Like any look, but what passes by itself is tried again rather than told. */
function look<T>(work: () => Promise<T>): Promise<Observed<T>> {
  let passing: AwsTransient | undefined;
  const told = observe(async () => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof AwsTransient) passing = error;
      throw error;
    }
  });
  return told.then((answer) => {
    if (passing !== undefined) throw passing;
    return answer;
  });
}

/** The account of the worker's credentials, by whichever region answers. */
async function accountOf(dependencies: Dependencies, regions: readonly string[]): Promise<string> {
  let failure: unknown = new Error('the instance has no site');
  for (const region of regions) {
    try {
      const { Account = '' } = await askAws({ doing: 'ask for', resource: 'our account', region }, () =>
        dependencies.aws.sts(region).send(new GetCallerIdentityCommand({})),
      );
      return Account;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
