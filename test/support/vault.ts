import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { DeleteDBSnapshotCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import type { EstateInput } from '../../estate/schema';
import type { CopyRecord } from '../../workflows/plan/backup/manifest';
import { keysInStore, readStore } from './backup-store';
import type { FailoverBench } from './failover-bench';
import { until } from './until';
import { KEEP_NEWEST } from './retention';

/** Another account, which the lab knows by its role. */
export const ARCHIVE = {
  name: 'archive',
  site: 'standby',
  account: '210987654321',
  role: 'arn:aws:iam::210987654321:role/bitbucket-backups',
  kmsKeyId: 'arn:aws:kms:eu-west-1:210987654321:key/0c1d',
};

interface Rules {
  /** Of steps, seconds. */
  readonly deadlines?: Readonly<Record<string, number>>;
  /** Of the backups only the newest is kept; the policy's own counts unless told. */
  readonly newestOnly?: boolean;
  /** A copy that fails is asked about, and not left out. */
  readonly asks?: boolean;
}

const ASKING = { shareBackup: 'ask', copyBackup: 'ask' } as const;

export function useVaults(
  bench: FailoverBench,
  vaults: readonly (typeof ARCHIVE)[],
  { deadlines = {}, newestOnly = false, asks = false }: Rules = {},
): Promise<void> {
  const { instance } = bench.world;
  return bench.changeEstate((estate): EstateInput => {
    const own = estate.instances[instance]!;
    const backup = { ...own.backup!, vaults: [...vaults] };
    return {
      ...estate,
      instances: { ...estate.instances, [instance]: { ...own, backup } },
      policy: {
        ...estate.policy,
        deadlines: { ...estate.policy?.deadlines, ...deadlines },
        failures: { ...estate.policy?.failures, ...(asks ? { steps: ASKING } : {}) },
        backup: { ...estate.policy?.backup, ...(newestOnly ? { retention: KEEP_NEWEST } : {}) },
      },
    };
  });
}

/** The records of copies of a backup, by the name of the place. */
export async function recordsAt(bench: FailoverBench, backup: string): Promise<Record<string, CopyRecord>> {
  const keys = (await keysInStore(bench)).filter((key) => key.includes(`/${backup}/records/copy-`));
  const records = await Promise.all(keys.map((key) => readStore<CopyRecord>(bench, key)));
  return Object.fromEntries(records.map(({ value }) => [value.place.site ?? '', value]));
}

/** Deletes the copy at the standby site, as whoever takes over the account would. */
export async function destroyCopy(bench: FailoverBench, backup: string): Promise<void> {
  const { ec2, rds } = bench.aws.standby;
  const [volume, database] = (await recordsAt(bench, backup))['standby']!.members;
  await ec2.send(new DeleteSnapshotCommand({ SnapshotId: volume!.id }));
  await rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: database!.id }));
  await until('the database snapshot to be gone', async () => {
    const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({}));
    return DBSnapshots.every((one) => one.DBSnapshotIdentifier !== database!.id) || undefined;
  });
}
