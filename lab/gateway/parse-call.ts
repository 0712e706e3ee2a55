import { gunzipSync } from 'node:zlib';
import { decode } from 'cbor-x';
import type { AwsCall } from './overlay';
import { route53Action } from './route53-action';
import { s3Action } from './s3-action';

export const DEFAULT_ACCOUNT = '123456789012';

const READS =
  /^(Describe|List|Get|Lookup|Search|Head|Check|Test|Simulate|Preview|Estimate|Validate|Query|Scan|Batch(Get|Describe))/;

export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Understands a signed request of any AWS protocol far enough to route it [A §2.1 rule 1]. Region and service come
 * from the credential scope; a request without one is taken for us-east-1.
 * @param accounts - accounts of access keys that were handed out by AssumeRole
 */
export function parseCall(raw: RawRequest, accounts: ReadonlyMap<string, string>): AwsCall {
  const url = new URL(raw.url, 'http://gateway');
  const gzipped = raw.headers['content-encoding'] === 'gzip';
  const body = gzipped ? gunzipSync(raw.body) : raw.body;
  const scope = /Credential=([^/,\s]+)\/\d+\/([^/,\s]+)\/([^/,\s]+)\//.exec(raw.headers.authorization ?? '');
  const [, accessKey = '', region = 'us-east-1', service = 'unknown'] = scope ?? [];
  const request = { ...raw, body };
  const parameters = decodeParameters(request, url);
  const action = nameOfAction(request, url, service, parameters);
  return {
    account: accounts.get(accessKey) ?? (/^\d{12}$/.test(accessKey) ? accessKey : DEFAULT_ACCOUNT),
    region,
    service,
    action,
    method: raw.method,
    path: `${url.pathname}${url.search}`,
    headers: gzipped ? without(raw.headers, 'content-encoding') : raw.headers,
    body,
    parameters,
    mutating: service !== 'sts' && !READS.test(action) && !action.startsWith('GET ') && !isDryRun(parameters),
  };
}

export type Protocol = 'query' | 'ec2' | 'json' | 'cbor' | 'restXml' | 's3';

/** The protocol that the caller speaks, and therefore wants its errors in. */
export function protocolOf(call: AwsCall): Protocol {
  if (call.headers['smithy-protocol'] === 'rpc-v2-cbor') return 'cbor';
  if (call.headers['x-amz-target'] !== undefined) return 'json';
  if (call.service === 'route53') return 'restXml';
  if (call.service === 's3') return 's3';
  return call.service === 'ec2' ? 'ec2' : 'query';
}

function nameOfAction(
  raw: RawRequest,
  url: URL,
  service: string,
  parameters: Readonly<Record<string, unknown>>,
): string {
  const target = raw.headers['x-amz-target'];
  if (target !== undefined) return target.slice(target.lastIndexOf('.') + 1);
  const operation = /\/service\/[^/]+\/operation\/([^/]+)$/.exec(url.pathname)?.[1];
  if (operation !== undefined) return operation;
  if (service === 'route53') return route53Action(raw.method, url.pathname);
  if (service === 's3') return s3Action(raw.method, url);
  return typeof parameters.Action === 'string' ? parameters.Action : `${raw.method} ${url.pathname}`;
}

function decodeParameters(raw: RawRequest, url: URL): Readonly<Record<string, unknown>> {
  const type = raw.headers['content-type'] ?? '';
  if (raw.headers['smithy-protocol'] === 'rpc-v2-cbor')
    return asObject(raw.body.length === 0 ? {} : decode(raw.body));
  if (type.startsWith('application/x-amz-json')) return asObject(JSON.parse(raw.body.toString() || '{}'));
  if (type.startsWith('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(raw.body.toString()));
  return url.searchParams.has('Action') ? Object.fromEntries(url.searchParams) : {};
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isDryRun(parameters: Readonly<Record<string, unknown>>): boolean {
  return parameters.DryRun === 'true' || parameters.DryRun === true;
}

function without(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}
