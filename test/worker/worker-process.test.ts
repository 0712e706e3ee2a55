import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { programPath } from '../../lab/world/program';
import { until } from '../support/until';

const EXAMPLE = join(__dirname, '../../estate/examples/production.yaml');

interface Started {
  readonly child: ChildProcess;
  readonly lines: () => string;
  readonly ended: Promise<number | null>;
}

const started: Started[] = [];

function startWorker(environment: Record<string, string>): Started {
  const child = spawn(process.execPath, ['--no-warnings', programPath('bin/runbooks'), 'worker'], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      RUNBOOKS_TASK_QUEUE: `worker-test-${process.pid}`,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const worker = { child, lines: () => output, ended };
  started.push(worker);
  return worker;
}

afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
});

function addressOf(worker: Started): string | undefined {
  return /"health":"([^"]+)"/.exec(worker.lines())?.[1];
}

test('a worker gets ready, serves health and metrics, logs JSON, and ends in order on SIGTERM', async () => {
  const metrics = `127.0.0.1:${20_000 + (process.pid % 7000)}`;
  const worker = startWorker({
    TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'] ?? '',
    RUNBOOKS_ESTATE: EXAMPLE,
    RUNBOOKS_HEALTH_ADDRESS: '127.0.0.1:0',
    RUNBOOKS_METRICS_ADDRESS: metrics,
    RUNBOOKS_SHUTDOWN_GRACE_SECONDS: '1',
  });
  const health = await until('the health address', () => addressOf(worker));
  await until('readiness', async () =>
    (await fetch(`http://${health}/readyz`)).status === 200 ? true : undefined,
  );
  const ready = (await (await fetch(`http://${health}/readyz`)).json()) as { readonly detail: unknown };
  expect(ready.detail).toMatchObject({ deployment: 'bitbucket-runbooks', versioning: 'off' });
  expect(ready.detail).toHaveProperty('buildId', expect.stringMatching(/^\d+\.\d+\.\d+-[0-9a-f]{12}$/));
  expect((await fetch(`http://${health}/healthz`)).status).toBe(200);
  expect((await fetch(`http://${health}/else`)).status).toBe(404);
  expect(await (await fetch(`http://${metrics}/metrics`)).text()).toContain('temporal_');
  for (const line of worker.lines().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('time');
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
});

test.each([
  ['no estate named', {}, 2, 'RUNBOOKS_ESTATE is not set'],
  ['an estate that is not there', { RUNBOOKS_ESTATE: '/nowhere/estate.yaml' }, 2, '/nowhere/estate.yaml'],
  [
    'no Temporal',
    { RUNBOOKS_ESTATE: EXAMPLE, TEMPORAL_ADDRESS: '127.0.0.1:1' },
    1,
    'no Temporal server answers at 127.0.0.1:1: Connection refused\nStart it, or say where it is with TEMPORAL_ADDRESS',
  ],
  [
    'an address with a scheme',
    { RUNBOOKS_ESTATE: EXAMPLE, TEMPORAL_ADDRESS: 'http://127.0.0.1:1' },
    2,
    'Write host:port without http://',
  ],
  [
    'a namespace that is not there',
    { RUNBOOKS_ESTATE: EXAMPLE, TEMPORAL_NAMESPACE: 'nowhere' },
    1,
    'nowhere',
  ],
])('with %s it ends at once with one message and no stack', async (_what, environment, code, expected) => {
  const worker = startWorker({
    TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'] ?? '',
    ...environment,
  });
  expect(await worker.ended).toBe(code);
  expect(worker.lines()).toContain(expected);
  expect(worker.lines()).not.toMatch(/\n\s+at /);
});
