import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { BACKUP_BUCKET } from '../../lab/world/layout';
import type { CopyRecord, Manifest, SearchRecord } from '../../workflows/plan/backup/manifest';
import type { FailoverBench } from './failover-bench';

/** Keys of all objects in the lab's store of backups, ascending. */
export async function keysInStore({ aws }: FailoverBench): Promise<readonly string[]> {
  const { Contents = [] } = await aws.standby.s3.send(new ListObjectsV2Command({ Bucket: BACKUP_BUCKET }));
  return Contents.map(({ Key = '' }) => Key).sort();
}

/** The text of an object, and what it says. */
export async function readStore<T extends Manifest | CopyRecord | SearchRecord>(
  { aws }: FailoverBench,
  key: string,
): Promise<{ readonly text: string; readonly value: T }> {
  const { Body } = await aws.standby.s3.send(new GetObjectCommand({ Bucket: BACKUP_BUCKET, Key: key }));
  const text = await Body!.transformToString('utf8');
  return { text, value: JSON.parse(text) as T };
}
