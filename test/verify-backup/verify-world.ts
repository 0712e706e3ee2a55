import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { BACKUP_BUCKET } from '../../lab/world/layout';
import type { BackupsReport } from '../../workflows/list-backups';
import type { VerificationRecord } from '../../workflows/plan/backup/manifest';
import type { Decision } from '../../workflows/plan/backup/retention';
import type { Report } from '../../workflows/runbook/report';
import type { FailoverBench } from '../support/failover-bench';
import type { LiveRun } from '../support/live-run';

/** Member `verification` of the report. */
export interface VerificationReport {
  readonly backup: string;
  readonly result: 'passed' | 'failed' | null;
  readonly why: string | null;
  readonly checks: readonly { readonly name: string; readonly passed: boolean; readonly detail: string }[];
  readonly measured: Readonly<Record<string, number>>;
}

export function verify(bench: FailoverBench, more: Readonly<Record<string, unknown>> = {}): Promise<LiveRun> {
  return bench.start(bench.message(more), { runbook: 'verifyBackup' });
}

export async function verificationOf(run: LiveRun): Promise<VerificationReport> {
  return ((await run.report()) as Report & { verification: VerificationReport }).verification;
}

/** What the store says of the trials of a backup, the oldest first. */
export async function recordsOf(
  { aws, world }: FailoverBench,
  backup: string,
): Promise<readonly VerificationRecord[]> {
  const { s3 } = aws.standby;
  const Prefix = `runbooks/${world.instance}/${backup}/records/verify-`;
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BACKUP_BUCKET, Prefix }));
  const records = await Promise.all(
    Contents.map(async ({ Key }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: BACKUP_BUCKET, Key }));
      return JSON.parse(await Body!.transformToString()) as VerificationRecord;
    }),
  );
  return records.sort((one, other) => one.at.localeCompare(other.at));
}

/** How its members at the drill site's region say that their trial ended; undefined: they say nothing. */
export async function verificationTags(
  { aws }: FailoverBench,
  backup: string,
): Promise<readonly (string | undefined)[]> {
  const { Snapshots = [] } = await aws.standby.ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:runbooks:backup', Values: [backup] }] }),
  );
  const { DBSnapshots = [] } = await aws.standby.rds.send(
    new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }),
  );
  const all = [
    ...Snapshots.map(({ Tags = [] }) => Tags),
    ...DBSnapshots.map(({ TagList = [] }) => TagList).filter((tags) =>
      tags.some(({ Key, Value }) => Key === 'runbooks:backup' && Value === backup),
    ),
  ];
  return all.map((tags) => tags.find(({ Key }) => Key === 'runbooks:verification')?.Value);
}

/** What retention makes of a backup in the region of the drill site. */
export async function decisionAbout(bench: FailoverBench, backup: string): Promise<Decision> {
  const run = await bench.start(bench.message(), { runbook: 'listBackups' });
  await run.ended();
  const { backups } = (await run.report()) as unknown as { backups: BackupsReport };
  return backups.decisions.find(
    ({ point }) => point.backup === backup && point.place.region === bench.world.drill!.layout.region,
  )!;
}

/** Directory of the home in the copy of a backup: what was captured, to be spoilt. */
export async function homeOf(bench: FailoverBench, backup: string): Promise<string> {
  const { Snapshots = [] } = await bench.aws.standby.ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:runbooks:backup', Values: [backup] }] }),
  );
  return bench.world.directory.snapshot(Snapshots[0]!.SnapshotId!);
}

/** Overwrites one loose object of a repository that holds content: connectivity stays whole, the content is gone. */
export function spoilBlob(repository: string): void {
  const git = ['-C', repository, 'cat-file', '--batch-all-objects', '--batch-check'];
  const objects = execFileSync('git', git, { encoding: 'utf8' }).split('\n');
  const [id = ''] = objects.find((line) => line.includes(' blob '))!.split(' ');
  const file = join(repository, 'objects', id.slice(0, 2), id.slice(2));
  chmodSync(file, 0o644);
  writeFileSync(file, 'spoilt');
}
