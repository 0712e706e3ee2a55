import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { VirtualClock } from '../../lab/clock/virtual-clock';
import type { Gateway } from '../../lab/gateway/gateway';
import { startBareGateway } from '../support/bare-gateway';
import { LAB_CREDENTIALS } from '../../lab/world/aws';
import { LabProcess } from '../../lab/world/process';
import { programPath } from '../../lab/world/program';
import { runCommand } from '../support/command-line';
import { LiveRun } from '../support/live-run';
import { openConnection } from '../support/open-connection';
import { lightAws } from './light-aws';
import { lightEstate } from './light-estate';
import { startLightNode } from './light-node';

export interface LightFleetOptions {
  readonly count: number;
  readonly scale: number;
  readonly coalesce: boolean;
}

export interface LightFleet {
  readonly gateway: Gateway;
  /** The real program, as it was built. */
  readonly worker: LabProcess;
  /** Starts a run over all instances at once. */
  start(message?: object): Promise<LiveRun>;
}

/** Many installations without machines, a worker program and a namespace of their own; ended when `work` has. */
export async function withLightFleet<T>(
  { count, scale, coalesce }: LightFleetOptions,
  work: (fleet: LightFleet) => Promise<T>,
): Promise<T> {
  const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
  const namespace = `light-${randomUUID().slice(0, 8)}`;
  const setup = await runCommand(['setup', '--create-namespace'], {
    environment: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
  });
  if (setup.code !== 0) throw new Error(setup.err);
  const directory = mkdtempSync(join(tmpdir(), 'light-'));
  const node = await startLightNode();
  const clock = new VirtualClock(scale);
  // Whatever is not emulated fails loudly: there is no emulator behind it.
  const gateway = await startBareGateway(clock, lightAws(clock, node.address));
  const estate = join(directory, 'estate.yaml');
  writeFileSync(estate, lightEstate(count, Number(node.address.split(':')[1]), scale));
  const opened = await openConnection(address);
  const worker = await LabProcess.start({
    name: 'worker',
    command: process.execPath,
    args: ['--no-warnings', programPath('bin/runbooks'), 'worker'],
    log: join(directory, 'worker.log'),
    env: {
      AWS_ENDPOINT_URL: gateway.url,
      AWS_ACCESS_KEY_ID: LAB_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LAB_CREDENTIALS.secretAccessKey,
      AWS_REGION: 'eu-west-1',
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_CONFIG_FILE: '/nonexistent',
      LIGHT_PASSWORD: 'light',
      RUNBOOKS_ESTATE: estate,
      RUNBOOKS_COALESCE: coalesce ? 'on' : 'off',
      RUNBOOKS_SHUTDOWN_GRACE_SECONDS: '0',
    },
  });
  try {
    const client = new Client({ connection: opened.connection, namespace });
    const start = async (message: object = {}): Promise<LiveRun> =>
      new LiveRun(
        await client.workflow.start('backupFleet', {
          workflowId: `backupFleet/estate/${randomUUID()}`,
          taskQueue: 'runbooks',
          args: [{ concurrency: Math.min(1000, count), requestedBy: 'ada', ...message }],
        }),
      );
    return await work({ gateway, worker, start });
  } finally {
    await worker.kill();
    await gateway.stop();
    await node.stop();
    await opened.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
