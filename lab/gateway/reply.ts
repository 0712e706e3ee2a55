import { randomUUID } from 'node:crypto';
import { encode } from 'cbor-x';
import type { AwsCall, AwsReply } from './overlay';
import { renderXml } from './xml';

export { children, parseXml, text } from './xml';
export type { XmlNode } from './xml';
export {
  filters,
  listMembers,
  parameter,
  passes,
  structures,
  withoutFilters,
  withoutMembers,
} from './parameters';

const NAMESPACES: Readonly<Record<string, string>> = {
  autoscaling: 'http://autoscaling.amazonaws.com/doc/2011-01-01/',
  cloudformation: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  ec2: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  elasticloadbalancing: 'http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/',
  rds: 'http://rds.amazonaws.com/doc/2014-10-31/',
  route53: 'https://route53.amazonaws.com/doc/2013-04-01/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
};

/**
 * Reply of a query-protocol service (RDS, Auto Scaling, load balancers, CloudFormation, STS). Lists are written as AWS
 * does, with the name of their elements: `{ DBInstances: { DBInstance: [a, b] } }`, `{ Activities: { member: [] } }`.
 * Dates, numbers and booleans are written as text; `undefined` is left out.
 */
export function queryReply(call: AwsCall, result: object): AwsReply {
  const content = { [`${call.action}Result`]: result, ResponseMetadata: { RequestId: randomUUID() } };
  return xml(renderXml(`${call.action}Response`, content, NAMESPACES[call.service]));
}

/** Reply of EC2: members in camel case, lists as `{ volumeSet: { item: [a, b] } }`. */
export function ec2Reply(call: AwsCall, members: object): AwsReply {
  return xml(renderXml(`${call.action}Response`, { requestId: randomUUID(), ...members }, NAMESPACES.ec2));
}

/** Reply of a JSON service (Systems Manager, CloudWatch, Secrets Manager). Dates are written as epoch seconds. */
export function jsonReply(value: object): AwsReply {
  const body = JSON.stringify(withEpochSeconds(value));
  return reply(200, 'application/x-amz-json-1.1', Buffer.from(body));
}

/** Reply of a service spoken to in CBOR (Smithy RPC v2). */
export function cborReply(value: object): AwsReply {
  return {
    status: 200,
    headers: { ...headers('application/cbor'), 'smithy-protocol': 'rpc-v2-cbor' },
    body: encode(value),
  };
}

/** Reply of a REST service that answers in XML (Route 53). */
export function restXmlReply(root: string, value: object): AwsReply {
  return xml(renderXml(root, value, NAMESPACES.route53));
}

export function reply(status: number, contentType: string, body: Buffer): AwsReply {
  return { status, headers: headers(contentType), body };
}

function xml(document: string): AwsReply {
  return reply(200, 'text/xml', Buffer.from(document));
}

function headers(contentType: string): Readonly<Record<string, string>> {
  return { 'content-type': contentType, 'x-amzn-requestid': randomUUID() };
}

function withEpochSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(withEpochSeconds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withEpochSeconds(each)]));
}
