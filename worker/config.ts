import { z } from 'zod';
import { StartError } from './start-error';

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
  /** Whether reads of several runs become one call. */
  readonly coalesce: boolean;
  /** A run whose worker does not fetch its next task for so long goes on with any other worker, seconds. */
  readonly handoverSeconds: number;
  /** Ends with the worker's region, where that is known: `runbooks doctor` judges the placement by it. */
  readonly identity: string;
  readonly deployment: DeploymentConfig;
}

/** What this worker tells the server about the code that it runs. */
export interface DeploymentConfig {
  /** Common to all versions of one installation. */
  readonly name: string;
  /** Of this version; null = derived from the package's version and the workflow code. */
  readonly buildId: string | null;
  /** Whether the server keeps each run on the version on which it began (docs/changing-runbooks.md). */
  readonly pinned: boolean;
}

const addressSchema = z
  .string()
  .regex(/^[^:\s]+:\d{1,5}$/, 'must look like 127.0.0.1:9464')
  .or(z.literal(''))
  .optional();

/** The server joins name and build id by a separator, and refuses names that hold one. */
const versionWord = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_+.-]*$/, 'may hold letters, digits and _ + . - only')
  .max(200);

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
  RUNBOOKS_COALESCE: z.enum(['on', 'off']).default('on'),
  RUNBOOKS_HANDOVER_SECONDS: z.coerce.number().min(1).max(60).default(5),
  RUNBOOKS_IDENTITY: z.string().min(1).optional(),
  RUNBOOKS_REGION: z.string().min(1).optional(),
  AWS_REGION: z.string().optional(),
  AWS_DEFAULT_REGION: z.string().optional(),
  RUNBOOKS_DEPLOYMENT_NAME: versionWord
    .refine((name) => !name.includes('.'), 'must not hold a dot')
    .default('bitbucket-runbooks'),
  RUNBOOKS_BUILD_ID: versionWord.or(z.literal('')).optional(),
  RUNBOOKS_VERSIONING: z.enum(['off', 'pinned']).default('off'),
});

/**
 * Reads the worker's configuration.
 * @throws StartError with one line per variable that is missing or wrong
 */
export function readWorkerConfig(
  environment: NodeJS.ProcessEnv,
  processId: number,
  host: string,
): WorkerConfig {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new StartError(
      `the worker's environment is not usable:\n  ${lines.join('\n  ')}`,
      '`runbooks worker --help` lists the variables.',
      2,
    );
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
    coalesce: read.RUNBOOKS_COALESCE === 'on',
    handoverSeconds: read.RUNBOOKS_HANDOVER_SECONDS,
    identity: identityOf(read, `runbooks@${host}:${processId}`),
    deployment: {
      name: read.RUNBOOKS_DEPLOYMENT_NAME,
      buildId: read.RUNBOOKS_BUILD_ID === '' ? null : (read.RUNBOOKS_BUILD_ID ?? null),
      pinned: read.RUNBOOKS_VERSIONING === 'pinned',
    },
  };
}

function identityOf(read: z.output<typeof environmentSchema>, own: string): string {
  const region = read.RUNBOOKS_REGION ?? read.AWS_REGION ?? read.AWS_DEFAULT_REGION ?? '';
  const name = read.RUNBOOKS_IDENTITY ?? own;
  return region === '' ? name : `${name}/${region}`;
}

function parseAddress(address: string | undefined): WorkerConfig['health'] {
  if (address === undefined || address === '') return null;
  const [host = '', port = ''] = address.split(':');
  return { host, port: Number(port) };
}
