import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AwsClients } from '../../activities/aws/clients';
import { examineEstate } from '../../client/doctor/examine-estate';
import type { Finding } from '../../client/doctor/finding';
import { createSecrets } from '../../estate/secrets';
import { loadEstate } from '../../estate/load';

const ESTATE = loadEstate(join(__dirname, '../../estate/examples/production.yaml'));
const { bucket, region, prefix } = Object.values(ESTATE.instances)[0]!.backup!.store;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let aws: AwsClients | undefined;
/** How S3 answers; whatever else is asked is refused. */
let s3: Answer;
let asked: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = request.url ?? '';
    response.setHeader('x-amz-request-id', 'request-1');
    if (!url.startsWith(`/${bucket}`)) return void response.writeHead(400).end();
    asked.push(`${request.method} ${url}`);
    s3(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  asked = [];
});
afterEach(() => aws?.destroy());
afterAll(() => new Promise((resolve) => server.close(resolve)));

function clients(credentials?: { accessKeyId: string; secretAccessKey: string }): AwsClients {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  aws = new AwsClients({ endpoint, requestTimeoutSeconds: 2, ...(credentials ? { credentials } : {}) });
  return aws;
}

async function findings(made: AwsClients): Promise<readonly Finding[]> {
  const secrets = createSecrets({ environment: {} });
  return examineEstate(ESTATE, { aws: made, secrets }, {});
}

async function store(answer: Answer): Promise<Finding> {
  s3 = answer;
  const seen = await findings(clients({ accessKeyId: 'x', secretAccessKey: 'y' }));
  return seen.find(({ name }) => name === `backup store ${bucket}`)!;
}

function refusal(status: number, code: string, more = '', headers: Record<string, string> = {}): Answer {
  return (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/xml', ...headers })
      .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message>${more}</Error>`);
}

describe('doctor looks at the backup store', () => {
  test('by listing one object below its prefix', async () => {
    const found = await store((_request, response) =>
      response
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(`<ListBucketResult><Name>${bucket}</Name><KeyCount>0</KeyCount></ListBucketResult>`),
    );
    expect(found).toMatchObject({ ok: true, detail: `s3://${bucket}/${prefix} in ${region} can be listed` });
    expect(asked).toEqual([expect.stringMatching(new RegExp(`^GET /${bucket}/?\\?.*max-keys=1&prefix=`))]);
  });

  test.each([
    [
      'is missing',
      refusal(404, 'NoSuchBucket'),
      /^there is no bucket/,
      /^Create it in .* backup\.store\.bucket/,
    ],
    ['must not be listed', refusal(403, 'AccessDenied'), /^we may not list it/, /s3:ListBucket.*iam-policy/],
    [
      'is in another region, by its header',
      refusal(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-north-1' }),
      /^the bucket is in eu-north-1, not in /,
      /^Correct backup\.store\.region/,
    ],
    [
      'is in another region, by the message',
      refusal(400, 'AuthorizationHeaderMalformed', '<Region>eu-south-1</Region>'),
      /^the bucket is in eu-south-1, not in /,
      /^Correct backup\.store\.region/,
    ],
    ['does not answer', (request) => request.destroy(), /does not answer/, /AWS_ENDPOINT_URL_S3/],
    [
      'knows nobody of this key',
      refusal(403, 'InvalidAccessKeyId'),
      /InvalidAccessKeyId/,
      /^The credentials are refused/,
    ],
  ] as [string, Answer, RegExp, RegExp][])('that %s', async (_what, answer, detail, remedy) => {
    expect(await store(answer)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(detail),
      remedy: expect.stringMatching(remedy),
    });
  });
});

test('where there are no credentials, store, regions and vault all say to give some', async () => {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = process.env['AWS_CONFIG_FILE'] = '/nonexistent';
  try {
    const seen = await findings(clients());
    const concerned = seen.filter(({ name }) => /^(AWS|backup store|vault) /.test(name));
    expect(concerned.length).toBeGreaterThan(3);
    for (const { remedy } of concerned) expect(remedy).toMatch(/^Give credentials: AWS_PROFILE/);
  } finally {
    process.env = before;
  }
});
