import { AwsFault } from '../../lab/gateway/overlay';
import type { AwsCall, Overlay } from '../../lab/gateway/overlay';
import { reply } from '../../lab/gateway/reply';

/** Buckets in memory: what a backup does with its store. */
export function lightStore(): Overlay {
  const objects = new Map<string, Buffer>();
  return {
    service: 's3',
    handlers: {
      ListObjectsV2: async (call) => {
        const prefix = new URL(call.path, 'http://s3').searchParams.get('prefix') ?? '';
        const folders = new Set<string>();
        for (const key of objects.keys()) {
          const rest = key.startsWith(prefix) ? key.slice(prefix.length) : '';
          if (rest.includes('/')) folders.add(`${prefix}${rest.slice(0, rest.indexOf('/') + 1)}`);
        }
        const common = [...folders].map((one) => `<CommonPrefixes><Prefix>${one}</Prefix></CommonPrefixes>`);
        const body = `<ListBucketResult><IsTruncated>false</IsTruncated>${common.join('')}</ListBucketResult>`;
        return reply(200, 'application/xml', Buffer.from(body));
      },
      GetObject: async (call) => {
        const found = objects.get(keyOf(call));
        if (found === undefined) throw new AwsFault('NoSuchKey', 'The specified key does not exist.', 404);
        return reply(200, 'application/json', found);
      },
      PutObject: async (call) => {
        const key = keyOf(call);
        if (objects.has(key) && call.headers['if-none-match'] === '*')
          throw new AwsFault('PreconditionFailed', 'At least one of the pre-conditions failed.', 412);
        objects.set(key, call.body);
        return reply(200, 'application/xml', Buffer.alloc(0));
      },
    },
  };
}

/** The path without the bucket. */
function keyOf({ path }: AwsCall): string {
  const [, , ...key] = decodeURIComponent(new URL(path, 'http://s3').pathname).split('/');
  return key.join('/');
}
