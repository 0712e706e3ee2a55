import { z } from 'zod';

/** What a worker process is told by its environment; read once, at its start. */
export interface WorkerConfig {
  /** Path of estate.yaml. */
  readonly estate: string;
  readonly taskQueue: string;
  /** Host and port of `/healthz` and `/readyz`; null = none. */
  readonly health: { readonly host: string; readonly port: number } | null;
  /** `host:port` of the Prometheus metrics; null = none. */
  readonly metrics: string | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** On SIGTERM running activities may finish for so long, seconds. */
  readonly shutdownGraceSeconds: number;
  /** Highest number of activities at once: gentle on AWS. */
  readonly concurrentActivities: number;
  /** Longest time for one AWS request, seconds: bounds what a lost region costs. */
  readonly awsTimeoutSeconds: number;
  /** A run whose worker does not fetch its next task for so long goes on with any other worker, seconds. */
  readonly handoverSeconds: number;
  readonly identity: string;
}

const addressSchema = z
  .string()
  .regex(/^[^:\s]+:\d{1,5}$/, 'must look like 127.0.0.1:9464')
  .or(z.literal(''))
  .optional();

const environmentSchema = z.object({
  RUNBOOKS_ESTATE: z
    .string({ error: 'is not set: give the path of estate.yaml' })
    .min(1, 'is empty: give the path of estate.yaml'),
  RUNBOOKS_TASK_QUEUE: z.string().min(1).default('runbooks'),
  RUNBOOKS_HEALTH_ADDRESS: addressSchema,
  RUNBOOKS_METRICS_ADDRESS: addressSchema,
  RUNBOOKS_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  RUNBOOKS_SHUTDOWN_GRACE_SECONDS: z.coerce.number().min(0).max(600).default(30),
  RUNBOOKS_CONCURRENT_ACTIVITIES: z.coerce.number().int().min(1).max(500).default(40),
  RUNBOOKS_AWS_TIMEOUT_SECONDS: z.coerce.number().min(0.1).max(120).default(10),
  RUNBOOKS_HANDOVER_SECONDS: z.coerce.number().min(1).max(60).default(5),
  RUNBOOKS_IDENTITY: z.string().min(1).optional(),
});

/**
 * Reads the worker's configuration.
 * @throws Error with one line per variable that is missing or wrong
 */
export function readWorkerConfig(
  environment: NodeJS.ProcessEnv,
  processId: number,
  host: string,
): WorkerConfig {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new Error(`the worker's environment is not usable:\n  ${lines.join('\n  ')}`);
  }
  const read = parsed.data;
  return {
    estate: read.RUNBOOKS_ESTATE,
    taskQueue: read.RUNBOOKS_TASK_QUEUE,
    health: parseAddress(read.RUNBOOKS_HEALTH_ADDRESS),
    metrics: read.RUNBOOKS_METRICS_ADDRESS === '' ? null : (read.RUNBOOKS_METRICS_ADDRESS ?? null),
    logLevel: read.RUNBOOKS_LOG_LEVEL,
    shutdownGraceSeconds: read.RUNBOOKS_SHUTDOWN_GRACE_SECONDS,
    concurrentActivities: read.RUNBOOKS_CONCURRENT_ACTIVITIES,
    awsTimeoutSeconds: read.RUNBOOKS_AWS_TIMEOUT_SECONDS,
    handoverSeconds: read.RUNBOOKS_HANDOVER_SECONDS,
    identity: read.RUNBOOKS_IDENTITY ?? `runbooks@${host}:${processId}`,
  };
}

function parseAddress(address: string | undefined): WorkerConfig['health'] {
  if (address === undefined || address === '') return null;
  const [host = '', port = ''] = address.split(':');
  return { host, port: Number(port) };
}
