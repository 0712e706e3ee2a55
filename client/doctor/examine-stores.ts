import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { AwsClients } from '../../activities/aws/clients';
import { isNoAnswer } from '../../activities/aws/error-kinds';
import type { PinnedInstance } from '../../estate/pin';
import { lacksCredentials, nameOf, remedyFor, wordsOf } from './aws-trouble';
import { bad, good } from './finding';
import type { Finding } from './finding';

type Store = NonNullable<PinnedInstance['backup']>['store'];

/** Whether the bucket of each backup store is there, in the region that the estate says, and can be listed. Once for each. */
export function examineStores(
  aws: AwsClients,
  instances: readonly PinnedInstance[],
): readonly Promise<Finding>[] {
  const stores = new Map<string, Store>();
  for (const { backup } of instances) if (backup !== undefined) stores.set(keyOf(backup.store), backup.store);
  return [...stores.values()].map((store) => examineStore(aws, store));
}

function keyOf({ bucket, region, prefix }: Store): string {
  return [region, bucket, prefix].join(' ');
}

/** By the call that every look for backups begins with: it needs no permission that the worker has no use for. */
async function examineStore(aws: AwsClients, store: Store): Promise<Finding> {
  const { bucket, region, prefix } = store;
  const name = `backup store ${bucket}`;
  try {
    await aws.s3(region).send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
    return good(name, `s3://${bucket}/${prefix} in ${region} can be listed`);
  } catch (error) {
    const { detail, remedy } = troubleWith(store, error);
    return bad(name, detail, remedy);
  }
}

function troubleWith(
  { bucket, region }: Store,
  error: unknown,
): { readonly detail: string; readonly remedy: string } {
  if (isNoAnswer(error)) {
    return {
      detail: `S3 in ${region} does not answer (${nameOf(error)})`,
      remedy: `Check AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_S3, and the network to ${region}.`,
    };
  }
  if (lacksCredentials(error)) return { detail: wordsOf(error), remedy: remedyFor(error, region) };
  const name = nameOf(error);
  if (name === 'NoSuchBucket' || name === 'NotFound') {
    return {
      detail: `there is no bucket ${bucket}`,
      remedy: `Create it in ${region}, with versioning and object lock (docs/backup.md), or correct backup.store.bucket in the estate.`,
    };
  }
  const elsewhere = otherRegion(error);
  if (elsewhere !== undefined) {
    return {
      detail: `the bucket is ${elsewhere === '' ? 'in another region' : `in ${elsewhere}`}, not in ${region}`,
      remedy: 'Correct backup.store.region in the estate.',
    };
  }
  if (name === 'AccessDenied' || name === 'Forbidden') {
    return {
      detail: `we may not list it: ${wordsOf(error)}`,
      remedy:
        `Allow the worker's role s3:ListBucket, s3:GetObject and s3:PutObject on ${bucket} (\`runbooks iam-policy\`), and ` +
        "look at the bucket's own policy. If the bucket is not yours, correct backup.store.bucket.",
    };
  }
  return { detail: wordsOf(error), remedy: remedyFor(error, region) };
}

/** Where a bucket is that S3 says is not here; empty where it does not tell. */
function otherRegion(error: unknown): string | undefined {
  const isElsewhere = /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/;
  if (!isElsewhere.test(nameOf(error))) return undefined;
  const { Region, $response } = error as {
    readonly Region?: string;
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  };
  return $response?.headers?.['x-amz-bucket-region'] ?? Region ?? '';
}
