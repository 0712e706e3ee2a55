import { createHash } from 'node:crypto';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';

import type { BackupStore } from '../../../workflows/plan/instance';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

/** IAM actions of the store. */
export const STORE_READS = ['s3:GetObject', 's3:ListBucket'] as const;
export const STORE_WRITES = [...STORE_READS, 's3:PutObject'] as const;

/** The text of an object; undefined when there is none of that key. */
export async function readObject(
  dependencies: Dependencies,
  { bucket, region }: BackupStore,
  key: string,
): Promise<string | undefined> {
  const client = dependencies.aws.s3(region);
  return askAws(
    { doing: 'read', resource: `s3://${bucket}/${key}`, region },
    async () => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Body?.transformToString('utf8');
    },
    {
      notFound: ({ name }) => {
        if (name === 'NoSuchKey' || name === 'NotFound') return undefined;
        throw new Error(`there is no bucket ${bucket} in ${region}`);
      },
    },
  );
}

/**
 * Writes an object that must not exist yet.
 * @returns false when there is one already, which may be ours by an attempt whose answer was lost
 */
export async function writeOnce(
  dependencies: Dependencies,
  { bucket, region }: BackupStore,
  key: string,
  text: string,
): Promise<boolean> {
  const request = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: text,
    ContentType: 'application/json',
    IfNoneMatch: '*',
  });
  return askAws(
    { doing: 'write', resource: `s3://${bucket}/${key}`, region },
    async () => {
      await dependencies.aws.s3(region).send(request);
      return true;
    },
    { exists: () => false },
  );
}

/** Names below a prefix up to the next slash, ascending: the folders of a bucket. */
export async function listFolders(
  dependencies: Dependencies,
  { bucket, region }: BackupStore,
  prefix: string,
): Promise<readonly string[]> {
  const client = dependencies.aws.s3(region);
  const found: string[] = [];
  let token: string | undefined;
  do {
    const reply = await askAws({ doing: 'list', resource: `s3://${bucket}/${prefix}`, region }, () =>
      client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          Delimiter: '/',
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      ),
    );
    for (const { Prefix = '' } of reply.CommonPrefixes ?? []) found.push(Prefix.slice(prefix.length, -1));
    token = reply.NextContinuationToken;
  } while (token !== undefined && token !== '');
  return found.sort();
}

/** How an object of the store is written: for people, too. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
