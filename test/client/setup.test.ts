import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/command-line';

const directory = mkdtempSync(join(tmpdir(), 'setup-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly remedy?: string;
}

test('setup registers what is missing, and repeating it changes nothing', async () => {
  const environment = { TEMPORAL_NAMESPACE: `setup-${process.pid}` };
  const refused = await runCommand(['setup'], { environment });
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('Add --create-namespace')]);
  const first = await runCommand(['setup', '--create-namespace', '--json'], { environment });
  expect(first.err).toBe('');
  expect({ code: first.code, ...(JSON.parse(first.out) as object) }).toEqual({
    code: 0,
    namespace: environment.TEMPORAL_NAMESPACE,
    namespaceCreated: true,
    registered: [
      'RunbookInstance',
      'RunbookPhase',
      'RunbookAwaiting',
      'RunbookOutcome',
      'RunbookRequestedBy',
      'RunbookDryRun',
    ],
    schedules: [],
  });
  const second = await runCommand(['setup'], { environment });
  expect([second.code, second.out]).toEqual([0, expect.stringContaining('nothing to register')]);
  expect(second.out).toMatch(/\nno estate named: schedules were left alone \(--estate, RUNBOOKS_ESTATE\)\n$/);
  const RUNBOOKS_ESTATE = join(__dirname, '../../estate/examples/production.yaml');
  const third = await runCommand(['setup'], { environment: { ...environment, RUNBOOKS_ESTATE } });
  expect([third.code, third.out]).toEqual([0, expect.not.stringContaining('left alone')]);
});

test('a server that nobody runs is told with its address and what to do', async () => {
  const said = await runCommand(['list', '--json'], { environment: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
  expect(said.code).toBe(1);
  expect(JSON.parse(said.err)).toEqual({
    error: {
      message: expect.stringMatching(/^no Temporal server answers at 127\.0\.0\.1:1: /),
      remedy: expect.stringContaining('TEMPORAL_ADDRESS'),
    },
  });
});

test('wrong use ends with code 2 and help with code 0, with an example in it', async () => {
  expect((await runCommand(['approve'])).code).toBe(2);
  expect((await runCommand(['list', '--limit', 'many'])).code).toBe(2);
  expect((await runCommand(['start', 'x', 'y', '--input', '[1]'])).code).toBe(2);
  const help = await runCommand(['approve', '--help']);
  expect([help.code, help.out]).toEqual([0, expect.stringContaining('$ runbooks approve bitbucket-prod')]);
});

test('estate check tells every place, show prints what check accepts, schema is JSON', async () => {
  const example = join(__dirname, '../../estate/examples/production.yaml');
  const shown = await runCommand(['estate', 'show'], { environment: { RUNBOOKS_ESTATE: example } });
  expect(shown.out).toContain('decisionTimeout: 4h');
  expect(shown.out).toContain('deadAfter: 10s');
  const copy = join(directory, 'shown.yaml');
  writeFileSync(copy, shown.out);
  const checked = await runCommand(['estate', 'check', '--estate', copy]);
  expect([checked.code, checked.err]).toEqual([0, '']);
  const one = (words: string[]) => runCommand(['estate', 'show', 'bitbucket-prod', '--estate', ...words]);
  expect((await one([copy])).out).toBe((await one([example])).out);

  writeFileSync(copy, shown.out.replace('zoneId', 'zone'));
  const broken = await runCommand(['estate', 'check', '--estate', copy, '--json']);
  expect(broken.code).toBe(1);
  expect(JSON.parse(broken.out)).toMatchObject({ valid: false, problems: [{ line: 4 }, { line: 5 }] });
  const schema = await runCommand(['estate', 'schema']);
  expect(JSON.parse(schema.out)).toMatchObject({ type: 'object', additionalProperties: false });
});

test('doctor finds each thing that is missing, with a remedy, and nothing else', async () => {
  // A port that refuses: nobody listens any more.
  const closed = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 1));
    });
  });
  process.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${closed}`;
  const estate = join(__dirname, '../../estate/examples/production.yaml');
  const password = join(directory, 'password');
  writeFileSync(password, 'x');
  const ours = join(directory, 'estate.yaml');
  const { readFileSync } = await import('node:fs');
  writeFileSync(
    ours,
    readFileSync(estate, 'utf8')
      .replace('file:/run/secrets/bitbucket-probe', `file:${password}`)
      .replace('file:/run/secrets/search', `file:${password}`)
      .replace('https://search.frankfurt.example.com', `http://127.0.0.1:${closed}`)
      .replace('secretsmanager:bitbucket/database#password', 'env:NOT_THERE')
      .replace('#resolvers: [10.0.0.2]', 'resolvers: ["127.0.0.1:1"]'),
  );
  const said = await runCommand(['doctor', '--estate', ours, '--json'], {
    environment: {
      BITBUCKET_ADMIN_PASSWORD: 'y',
      RUNBOOKS_TASK_QUEUE: 'nobody',
      TEMPORAL_NAMESPACE: 'default',
    },
  });
  delete process.env['AWS_ENDPOINT_URL'];
  expect(said.code).toBe(1);
  const findings = JSON.parse(said.out) as readonly Finding[];
  expect(findings.map(({ name, ok }) => [name, ok])).toEqual([
    ['Temporal', true],
    ['search attributes', true],
    ['worker', false],
    ['estate', true],
    ['AWS eu-central-1', false],
    ['AWS eu-west-1', false],
    [expect.stringMatching(/^backup store /), false],
    ['vault archive', false],
    ['secret', true],
    ['secret', true],
    ['secret', false],
    ['search bitbucket-prod/frankfurt', false],
    ['DNS bitbucket-prod', false],
    ['placement bitbucket-prod', false],
  ]);
  for (const { ok, remedy } of findings) expect(remedy === undefined).toBe(ok);
});
