/** Operations of S3 by method, with and without a key; those with a query of their own name themselves (`x-id`). */
const OPERATIONS: Readonly<Record<string, string>> = {
  'GET object': 'GetObject',
  'HEAD object': 'HeadObject',
  'PUT object': 'PutObject',
  'DELETE object': 'DeleteObject',
  'HEAD bucket': 'HeadBucket',
  'PUT bucket': 'CreateBucket',
  'DELETE bucket': 'DeleteBucket',
};

/** Name of an S3 operation from its method and path, e.g. `GetObject` for `GET /bucket/key`. */
export function s3Action(method: string, url: URL): string {
  const named = url.searchParams.get('x-id');
  if (named !== null) return named;
  if (url.searchParams.get('list-type') === '2') return 'ListObjectsV2';
  const [, ...key] = url.pathname.split('/').filter((part) => part !== '');
  const level = key.length > 0 ? 'object' : 'bucket';
  return OPERATIONS[`${method} ${level}`] ?? `${method} ${url.pathname}`;
}
