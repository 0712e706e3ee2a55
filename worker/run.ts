import { Runtime, Worker } from '@temporalio/worker';
import type { Logger } from '@temporalio/worker';
import { createActivities } from '../activities';
import { AwsClients } from '../activities/aws/clients';
import { secretsFrom } from '../activities/secrets/sources';
import { EstateError, estateReader } from '../estate/load';
import { bundlePath } from './bundle';
import type { WorkerConfig } from './config';
import { connect, readConnection } from './connection';
import { serveHealth } from './health';
import type { HealthServer } from './health';
import { createLogger } from './logger';
import { requireSearchAttributes } from './search-attributes';
import { StartError } from './start-error';
import { buildIdOf, deploymentOptions, packageVersion } from './version';

/**
 * Serves the task queue until SIGTERM or SIGINT, then lets running activities finish within the grace time.
 * @throws StartError for its configuration, the estate or the server; Error for the namespace or the bundle
 */
export async function runWorker(config: WorkerConfig, environment: NodeJS.ProcessEnv): Promise<void> {
  const logger = createLogger(config.logLevel);
  // A broken estate must show at the start, not in the middle of the night; and before the runtime, which keeps the process.
  const readEstate = estateReader(config.estate);
  tryEstate(readEstate);
  const codePath = bundlePath();
  const { deployment } = config;
  const buildId = deployment.buildId ?? buildIdOf(codePath);
  const { connectionOptions, namespace = 'default' } = readConnection();
  installRuntime(config, logger.temporal);
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

function tryEstate(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof EstateError)) throw error;
    throw new StartError(error.message, 'Correct the estate; `runbooks estate check` looks again.', 2);
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
