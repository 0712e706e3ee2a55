import { Agent, request } from 'node:http';
import { AwsFault } from './overlay';
import type { AwsCall, AwsReply } from './overlay';
import { parseXml } from './xml';
import type { XmlNode } from './xml';

/** Version of the query API by the name it is called by here; both load balancers share a signing name. */
const VERSIONS: Readonly<Record<string, string>> = {
  autoscaling: '2011-01-01',
  cloudformation: '2010-05-15',
  ec2: '2016-11-15',
  elasticloadbalancing: '2012-06-01',
  rds: '2014-10-31',
};

/** The emulated AWS behind the gateway (moto). Keeps connections open until `stop`. */
export class Emulator {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(readonly url: string) {}

  /** Sends a call on; `parameters` replaces the members of a query-protocol or JSON call. */
  async forward(call: AwsCall, parameters?: Readonly<Record<string, unknown>>): Promise<AwsReply> {
    const body = parameters === undefined ? call.body : encodeBody(call, parameters);
    return this.send(call.method, call.path, { ...call.headers, 'x-moto-account-id': call.account }, body);
  }

  /**
   * Asks the emulator by itself, outside any call of a client.
   * @returns content of the reply, as `parseXml` gives it
   * @throws AwsFault with the emulator's error code
   */
  async query(
    target: { readonly service: string; readonly region: string; readonly account?: string },
    action: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<XmlNode> {
    const members = { Action: action, Version: VERSIONS[target.service] ?? '', ...parameters };
    const reply = await this.send(
      'POST',
      '/',
      {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `AWS4-HMAC-SHA256 Credential=lab/20200101/${target.region}/${target.service}/aws4_request, SignedHeaders=host, Signature=none`,
        ...(target.account === undefined ? {} : { 'x-moto-account-id': target.account }),
      },
      Buffer.from(new URLSearchParams(members).toString()),
    );
    if (reply.status < 400) return parseXml(reply.body);
    const text = reply.body.toString();
    const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? `HTTP ${reply.status}`;
    const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? text.slice(0, 200);
    throw new AwsFault(code, message, reply.status);
  }

  stop(): void {
    this.agent.destroy();
  }

  private send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
  ): Promise<AwsReply> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, this.url),
        {
          method,
          agent: this.agent,
          headers: { ...endToEnd(headers), 'content-length': String(body.length) },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 502,
              headers: endToEnd(singleHeaders(incoming.headers)),
              body: Buffer.concat(chunks),
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

/** Headers with one text each, as the overlays want them. */
export function singleHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Readonly<Record<string, string>> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return single;
}

const HOP_BY_HOP = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
]);

function endToEnd(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

function encodeBody(call: AwsCall, parameters: Readonly<Record<string, unknown>>): Buffer {
  if (call.headers['x-amz-target'] !== undefined) return Buffer.from(JSON.stringify(parameters));
  const form = new URLSearchParams();
  const own = { Action: call.action, Version: call.parameters.Version, ...parameters };
  for (const [name, value] of Object.entries(own)) {
    // Members of the query protocols are texts, numbers and truth values, never structures.
    if (typeof value === 'string') form.set(name, value);
    else if (typeof value === 'number' || typeof value === 'boolean') form.set(name, `${value}`);
  }
  return Buffer.from(form.toString());
}
