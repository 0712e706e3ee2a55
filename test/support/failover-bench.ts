import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities';
import { AwsClients } from '../../activities/aws/clients';
import { loadEstate } from '../../estate/load';
import type { EstateInput } from '../../estate/schema';
import { createSecrets } from '../../estate/secrets';
import type { LedgerEntry } from '../../lab/gateway/ledger';
import { LAB_CREDENTIALS, LabAws } from '../../lab/world/aws';
import type { Disaster } from '../../lab/world/disasters';
import { LabProcess } from '../../lab/world/process';
import { programPath } from '../../lab/world/program';
import { World } from '../../lab/world/world';
import { runCommand } from './command-line';
import { LiveRun } from './live-run';
import { openConnection } from './open-connection';
import type { OpenConnection } from './open-connection';
import { keepRuntimeQuiet } from './quiet-runtime';
import { until } from './until';

export interface BenchOptions {
  /** How many times faster than in AWS its waits pass. */
  readonly scale?: number;
  /** Nodes of the primary site. */
  readonly nodes?: number;
  /** `host:port` of the Temporal server; that of the test run unless told. */
  readonly temporal?: string;
  /** Real seconds between two copies of the home; only the one made at the start unless told. */
  readonly homeCopyEverySeconds?: number;
  /** With a place where backups are tried out. */
  readonly drill?: boolean;
  /** The standby's file server has a home of its own, mounted and exported. */
  readonly standbyHome?: boolean;
  /** The database is an Aurora cluster; the standby has none. */
  readonly aurora?: boolean;
  /** With a search server for each site. */
  readonly search?: boolean;
  /** So long the worker in this process waits for an answer of AWS, seconds; 3 unless told. */
  readonly requestTimeoutSeconds?: number;
}

export interface WorkerProgram {
  /** A module that is loaded before the program. */
  readonly preload?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface StartOptions {
  readonly runbook?: string;
}

const TASK_QUEUE = 'runbooks';

/**
 * A world with a client and room for workers, in a Temporal namespace of its own: every world calls its instance by the
 * same name, and so its lease.
 */
export class FailoverBench {
  /** The lab's own way to look at each site. */
  readonly aws: Readonly<Record<'primary' | 'standby', LabAws>>;
  private readonly workerAws: AwsClients;
  private workers: { readonly worker: Worker; readonly running: Promise<void> }[] = [];
  private processes: LabProcess[] = [];
  private runs: LiveRun[] = [];
  private started = 0;

  private constructor(
    readonly world: World,
    readonly client: Client,
    readonly namespace: string,
    private readonly native: NativeConnection,
    private readonly opened: OpenConnection,
    requestTimeoutSeconds: number,
  ) {
    const { gateway, sites } = world;
    this.aws = {
      primary: new LabAws(sites.primary.layout.region, gateway.url),
      standby: new LabAws(sites.standby.layout.region, gateway.url),
    };
    this.workerAws = new AwsClients({
      endpoint: gateway.url,
      credentials: LAB_CREDENTIALS,
      requestTimeoutSeconds,
    });
  }

  /** Without a worker: start one in this process, or as a program. */
  static async open(options: BenchOptions = {}): Promise<FailoverBench> {
    keepRuntimeQuiet();
    const {
      scale = 120,
      nodes = 1,
      homeCopyEverySeconds = null,
      drill = false,
      standbyHome = false,
      aurora = false,
      search = false,
      requestTimeoutSeconds = 3,
    } = options;
    const address = options.temporal ?? process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
    const namespace = `failover-${randomUUID().slice(0, 8)}`;
    const setup = await runCommand(['setup', '--create-namespace'], {
      environment: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
    });
    if (setup.code !== 0) throw new Error(setup.err);
    const parts = { drill, standbyHome, aurora, search };
    const world = await World.start({ scale, nodes, temporal: { address }, homeCopyEverySeconds, ...parts });
    const native = await NativeConnection.connect({ address });
    const opened = await openConnection(address);
    const { connection } = opened;
    const client = new Client({ connection, namespace });
    return new FailoverBench(world, client, namespace, native, opened, requestTimeoutSeconds);
  }

  /** What a worker program and the command line need. */
  get environment(): Record<string, string> {
    return {
      ...this.world.environment(),
      TEMPORAL_NAMESPACE: this.namespace,
      TEMPORAL_CONFIG_FILE: '/nonexistent',
      RUNBOOKS_TASK_QUEUE: TASK_QUEUE,
    };
  }

  /** A worker in this process, of the code as it is in the sources. */
  async startWorker(): Promise<void> {
    const secrets = createSecrets({ environment: this.environment });
    const worker = await Worker.create({
      connection: this.native,
      namespace: this.namespace,
      taskQueue: TASK_QUEUE,
      workflowBundle: { codePath: process.env['TEST_BUNDLE'] ?? '' },
      activities: createActivities({ aws: this.workerAws, secrets }, () => loadEstate(this.world.estate)),
      shutdownGraceTime: 0,
    });
    this.workers.push({ worker, running: worker.run() });
  }

  /** Those of this process. */
  async stopWorkers(): Promise<void> {
    for (const { worker, running } of this.workers.splice(0)) {
      worker.shutdown();
      await running;
    }
  }

  /** The program as it is installed, as it was built. */
  async startWorkerProcess({ preload, environment }: WorkerProgram = {}): Promise<LabProcess> {
    const program = await LabProcess.start({
      name: 'worker',
      command: process.execPath,
      args: [
        '--no-warnings',
        ...(preload === undefined ? [] : ['--require', preload]),
        programPath('bin/runbooks'),
        'worker',
      ],
      log: this.world.directory.log(`worker-${this.processes.length + 1}`),
      env: {
        ...this.environment,
        RUNBOOKS_SHUTDOWN_GRACE_SECONDS: '0',
        RUNBOOKS_AWS_TIMEOUT_SECONDS: '3',
        ...environment,
      },
    });
    this.processes.push(program);
    return program;
  }

  /** Starts a runbook; `message` as somebody would type it, a proper one by ada unless told. */
  async start(
    message: unknown = this.message(),
    { runbook = 'drFailover' }: StartOptions = {},
  ): Promise<LiveRun> {
    this.started += 1;
    const handle = await this.client.workflow.start(runbook, {
      workflowId: `${runbook}/${this.world.instance}/${this.started}`,
      taskQueue: TASK_QUEUE,
      args: [message],
    });
    const run = new LiveRun(handle);
    this.runs.push(run);
    return run;
  }

  message(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    return { instance: this.world.instance, requestedBy: 'ada', reason: 'a test', ...more };
  }

  /** Breaks the world and waits until users see it: a failover of a site that still answers is asked about. */
  async lose(disaster: Disaster): Promise<void> {
    await this.world.breakIt(disaster);
    await until(`users to see ${disaster}`, async () => {
      const { balancer, nodes } = (await this.world.probe()).primary;
      // Behind a partition the nodes go on, out of everybody's sight.
      const silent = disaster === 'partition' || nodes.every(({ state }) => state !== 'RUNNING');
      return (silent && balancer === 'not serving') || undefined;
    });
  }

  /** Changes the estate under the running worker. */
  changeEstate(change?: (estate: EstateInput) => EstateInput): Promise<void> {
    return this.world.writeEstate(this.world.estate, change);
  }

  /** How many calls the ledger has; for `changesSince`. */
  get mark(): number {
    return this.world.gateway.ledger.entries().length;
  }

  /** Calls since then that were to change something, whatever came of them. A script that only looks changes nothing. */
  changesSince(mark: number): readonly LedgerEntry[] {
    return this.world.gateway.ledger
      .entries()
      .slice(mark)
      .filter(({ mutating, byLab }) => mutating && byLab !== true)
      .filter(
        ({ action, parameters }) =>
          action !== 'SendCommand' || !/^runbooks (look-at|check)-/.test(String(parameters.Comment)),
      );
  }

  /** Breaches of the lab's invariants, and of the bounds of a run's history. */
  async violations(): Promise<readonly string[]> {
    const { violations } = await this.world.invariants();
    const long = await Promise.all(
      this.runs.map(async ({ id, handle }) => {
        const { historyLength } = await handle.describe();
        return historyLength < 2000 ? [] : [`${id} has ${historyLength} events`];
      }),
    );
    return [...violations, ...long.flat()];
  }

  /** Ends everything: no run, no worker, no world is left. */
  async close(): Promise<void> {
    const handles = this.runs.map(({ handle }) => handle);
    const lease = this.client.workflow.getHandle(`lease/${this.world.instance}`);
    await Promise.all([...handles, lease].map((handle) => handle.terminate().catch(() => {})));
    await Promise.all(this.processes.map((program) => program.kill()));
    await this.stopWorkers();
    await this.native.close();
    await this.opened.close();
    this.workerAws.destroy();
    Object.values(this.aws).forEach((client) => client.destroy());
    await this.world.stop();
  }
}
