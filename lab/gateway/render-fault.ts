import { randomUUID } from 'node:crypto';
import { encode } from 'cbor-x';
import type { AwsCall, AwsFault, AwsReply } from './overlay';
import { protocolOf } from './parse-call';
import { reply } from './reply';
import { renderXml } from './xml';

/** Writes an error in the protocol of the caller [A §2.1, §8]. */
export function renderFault(call: AwsCall, fault: AwsFault): AwsReply {
  const { code, message, status } = fault;
  const requestId = randomUUID();
  const type = status < 500 ? 'Sender' : 'Receiver';
  const structured = { __type: code, message, Message: message };
  // Services that once spoke the query protocol repeat the old code in a header; the SDK reads it for its error names.
  const legacy = { 'x-amzn-errortype': code, 'x-amzn-query-error': `${code};${type}` };
  switch (protocolOf(call)) {
    case 'ec2': {
      const content = { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId };
      return reply(status, 'text/xml', Buffer.from(renderXml('Response', content)));
    }
    case 'json': {
      const body = Buffer.from(JSON.stringify(structured));
      return withHeaders(reply(status, 'application/x-amz-json-1.1', body), legacy);
    }
    case 'cbor':
      return withHeaders(reply(status, 'application/cbor', encode(structured)), {
        ...legacy,
        'smithy-protocol': 'rpc-v2-cbor',
      });
    case 's3': {
      const content = { Code: code, Message: message, RequestId: requestId };
      return reply(status, 'application/xml', Buffer.from(renderXml('Error', content)));
    }
    case 'query':
    case 'restXml': {
      const content = { Error: { Type: type, Code: code, Message: message }, RequestId: requestId };
      return reply(status, 'text/xml', Buffer.from(renderXml('ErrorResponse', content)));
    }
  }
}

/** Error code of a reply in any protocol, or null for a success. */
export function errorCodeOf(answer: AwsReply): string | null {
  if (answer.status < 400) return null;
  const body = answer.body.toString('utf8', 0, Math.min(answer.body.length, 4000));
  const code = answer.headers['x-amzn-errortype'] ?? /<Code>([^<]*)<\/Code>/.exec(body)?.[1];
  const type = code ?? /"__type"\s*:\s*"(?:[^"]*#)?([^"]*)"/.exec(body)?.[1];
  return type ?? `HTTP ${answer.status}`;
}

function withHeaders(answer: AwsReply, headers: Readonly<Record<string, string>>): AwsReply {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
