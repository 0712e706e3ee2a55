import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Logger } from '@temporalio/worker';
import { createActivities } from '../activities';
import { AwsClients } from '../activities/aws/clients';
import { secretsFrom } from '../activities/secrets/sources';
import { estateReader } from '../estate/load';
import { bundlePath } from './bundle';
import type { WorkerConfig } from './config';
import { serveHealth } from './health';
import type { HealthServer } from './health';
import { createLogger } from './logger';
import { requireSearchAttributes } from './search-attributes';
import { buildIdOf, deploymentOptions, packageVersion } from './version';

/**
 * Serves the task queue until SIGTERM or SIGINT, then lets running activities finish within the grace time.
 * @throws Error when it cannot start: configuration, estate, namespace or bundle
 */
export async function runWorker(config: WorkerConfig, environment: NodeJS.ProcessEnv): Promise<void> {
  const logger = createLogger(config.logLevel);
  // A broken estate must show at the start, not in the middle of the night; and before the runtime, which keeps the process.
  const readEstate = estateReader(config.estate);
  readEstate();
  const codePath = bundlePath();
  const { deployment } = config;
  const buildId = deployment.buildId ?? buildIdOf(codePath);
  installRuntime(config, logger.temporal);
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const connection = await connect(connectionOptions);
  const aws = new AwsClients({
    requestTimeoutSeconds: config.awsTimeoutSeconds,
    coalesce: config.coalesce,
  });
  let health: HealthServer | null = null;
  try {
    await requireSearchAttributes(connection, namespace);
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: config.taskQueue,
      identity: config.identity,
      workerDeploymentOptions: deploymentOptions(deployment, buildId),
      workflowBundle: { codePath },
      activities: createActivities({ aws, secrets: secretsFrom(aws, environment) }, readEstate),
      maxConcurrentActivityTaskExecutions: config.concurrentActivities,
      // Below the shortest time after which a policy may take a silent worker for dead, with room for a slow machine.
      maxHeartbeatThrottleInterval: '1s',
      stickyQueueScheduleToStartTimeout: `${config.handoverSeconds}s`,
      shutdownGraceTime: `${config.shutdownGraceSeconds}s`,
      shutdownForceTime: `${config.shutdownGraceSeconds + 10}s`,
    });
    const code = { deployment: deployment.name, buildId, versioning: deployment.pinned ? 'pinned' : 'off' };
    if (config.health !== null) health = await serveHealth(config.health, () => readiness(worker, code));
    logger.pino.info(
      {
        namespace,
        taskQueue: config.taskQueue,
        identity: config.identity,
        version: packageVersion(),
        ...code,
        health: health?.address,
        metrics: config.metrics,
      },
      'worker started',
    );
    await worker.run();
    logger.pino.info('worker stopped');
  } finally {
    await health?.close();
    aws.destroy();
    await connection.close();
  }
}

function installRuntime(config: WorkerConfig, logger: Logger): void {
  Runtime.install({
    logger,
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      ...(config.metrics === null
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: config.metrics,
                countersTotalSuffix: true,
                useSecondsForDurations: true,
                unitSuffix: true,
              },
            },
          }),
    },
  });
}

async function connect(options: Parameters<typeof NativeConnection.connect>[0]): Promise<NativeConnection> {
  const address = options?.address ?? 'localhost:7233';
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Temporal does not answer at ${address} (${why}): start it, or set TEMPORAL_ADDRESS`, {
      cause: error,
    });
  }
}

/** Ready = it polls; a worker that drains or has failed is not. */
function readiness(
  worker: Worker,
  code: Readonly<Record<string, string>>,
): {
  readonly ok: boolean;
  readonly detail: Readonly<Record<string, string | number>>;
} {
  const {
    runState,
    workflowPollerState,
    activityPollerState,
    numInFlightWorkflowActivations,
    numInFlightActivities,
  } = worker.getStatus();
  const polling = workflowPollerState === 'POLLING' && activityPollerState === 'POLLING';
  return {
    ok: runState === 'RUNNING' && polling,
    detail: {
      runState,
      workflowPollerState,
      activityPollerState,
      numInFlightWorkflowActivations,
      numInFlightActivities,
      ...code,
    },
  };
}
