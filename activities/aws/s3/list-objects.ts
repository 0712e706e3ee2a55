import { ListObjectsV2Command } from '@aws-sdk/client-s3';

import type { BackupStore } from '../../../workflows/plan/instance';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';

export interface StoredObject {
  readonly key: string;
  /** ISO 8601. */
  readonly writtenAt: string | null;
}

/** Every object below a prefix. */
export async function listObjects(
  dependencies: Dependencies,
  { bucket, region }: BackupStore,
  prefix: string,
): Promise<readonly StoredObject[]> {
  const found: StoredObject[] = [];
  let token: string | undefined;
  do {
    const reply = await askAws({ doing: 'list', resource: `s3://${bucket}/${prefix}`, region }, () =>
      dependencies.aws.s3(region).send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      ),
    );
    for (const { Key = '', LastModified } of reply.Contents ?? [])
      found.push({ key: Key, writtenAt: LastModified?.toISOString() ?? null });
    token = reply.NextContinuationToken;
  } while (token !== undefined && token !== '');
  return found;
}
