import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { RDSClient } from '@aws-sdk/client-rds';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';

import { pause } from '../hosts/pause';
import { announceCall, callSignal, noteAnswer } from '../runbook/call-scope';
import { assumeRole } from './assume-role';
import type { RoleCredentials } from './assume-role';
import { askSeparately } from './coalesce';
import { isNoAnswer, UnreadableAnswer } from './error-kinds';
import { isMutating } from './intent';
import { SharedReads } from './share-reads';
import { attitudeToSilence, RegionSilent, SilentRegions } from './silence';

export interface AwsClientsOptions {
  /** Longest time for one attempt of one call, seconds; default 10. Bounds what a lost region costs. */
  readonly requestTimeoutSeconds?: number;
  /** Longest time to open a connection, seconds; default 3, never above `requestTimeoutSeconds`. */
  readonly connectTimeoutSeconds?: number;
  /** Another endpoint for every service. Default: the SDK's own `AWS_ENDPOINT_URL` and its per-service forms. */
  readonly endpoint?: string;
  /** Fixed credentials. Default: the SDK's chain of environment, profile and instance role. */
  readonly credentials?: Credentials;
  /** Whether reads of several runs become one call; default true. */
  readonly coalesce?: boolean;
}

interface FixedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Asked for anew when they end; the SDK keeps them until shortly before. */
type Credentials = FixedCredentials | (() => Promise<RoleCredentials>);

interface ClientConfig {
  readonly region: string;
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: boolean;
  };
  readonly endpoint?: string;
  readonly credentials?: Credentials;
}

type Request = { request: unknown; input: object };
type Next = (args: Request) => Promise<unknown>;

/** What the clients of all services have in common, as far as it is used here. */
interface AnyClient {
  readonly config: {
    readonly requestHandler: { handle: (request: never, options?: HandlerOptions) => Promise<HttpAnswer> };
  };
  readonly middlewareStack: unknown;
  destroy(): void;
}

interface HandlerOptions {
  readonly abortSignal?: { readonly aborted: boolean } | undefined;
}

interface HttpAnswer {
  readonly response: { readonly statusCode: number };
}

type Middleware = (next: Next, context: { readonly commandName?: string }) => Next;

interface Stack {
  add(
    middleware: Middleware,
    options: { readonly name: string; readonly step: 'initialize'; readonly priority: 'high' },
  ): void;
  addRelativeTo(
    middleware: Middleware,
    options: {
      readonly name: string;
      readonly relation: 'before' | 'after';
      readonly toMiddleware: string;
    },
  ): void;
}

/**
 * One client per service and region, made when first asked for. Two attempts per call, each bounded: longer waits are
 * the workflow's [A §8]. Every attempt is announced to the surrounding activity, which counts it and refuses a mutating
 * one without the lease; a cancelled activity aborts the request. A region that has just been silent gets one attempt of
 * each read, and none while a plan is made (`silence.ts`). Equal reads of many runs become one call (`share-reads.ts`).
 */
export class AwsClients {
  private readonly clients = new Map<string, AnyClient>();
  private readonly silent = new SilentRegions();
  private readonly roles = new Map<string, AwsClients>();

  constructor(private readonly options: AwsClientsOptions = {}) {}

  rds(region: string): RDSClient {
    return this.client('rds', region, (config) => new RDSClient(config));
  }

  ec2(region: string): EC2Client {
    return this.client('ec2', region, (config) => new EC2Client(config));
  }

  /**
   * For calls that have no idempotency key: sent once. The SDK's own second attempt after a lost answer would make a
   * second set of snapshots [A §6].
   */
  ec2Once(region: string): EC2Client {
    return this.client('ec2', region, (config) => new EC2Client({ ...config, maxAttempts: 1 }), 'once');
  }

  /** A request without an answer may still take effect for so long, seconds; then it counts as never sent. */
  get settleSeconds(): number {
    return 7 * (this.options.requestTimeoutSeconds ?? 10);
  }

  autoScaling(region: string): AutoScalingClient {
    return this.client('autoscaling', region, (config) => new AutoScalingClient(config));
  }

  /** Classic load balancers. */
  elb(region: string): ElasticLoadBalancingClient {
    return this.client('elasticloadbalancing', region, (config) => new ElasticLoadBalancingClient(config));
  }

  cloudFormation(region: string): CloudFormationClient {
    return this.client('cloudformation', region, (config) => new CloudFormationClient(config));
  }

  cloudWatch(region: string): CloudWatchClient {
    return this.client('cloudwatch', region, (config) => new CloudWatchClient(config));
  }

  ssm(region: string): SSMClient {
    return this.client('ssm', region, (config) => new SSMClient(config));
  }

  /** Path style: bucket names with dots and endpoints without wildcard names work as well. */
  s3(region: string): S3Client {
    return this.client('s3', region, (config) => new S3Client({ ...config, forcePathStyle: true }));
  }

  secretsManager(region: string): SecretsManagerClient {
    return this.client('secretsmanager', region, (config) => new SecretsManagerClient(config));
  }

  sts(region: string): STSClient {
    return this.client('sts', region, (config) => new STSClient(config));
  }

  /**
   * Clients that act as a role, of another account as a rule, by credentials of an hour that are asked for when they are
   * needed.
   * @param role ARN
   * @param region whose STS is asked: a role must be had without the region that is lost
   */
  as(role: string, region: string): AwsClients {
    const key = `${role} ${region}`;
    const known = this.roles.get(key);
    if (known !== undefined) return known;
    const credentials = (): Promise<RoleCredentials> => assumeRole(this.sts(region), role);
    const clients = new AwsClients({ ...this.options, credentials });
    this.roles.set(key, clients);
    return clients;
  }

  /** Route 53 is one for all regions; its control plane is in us-east-1 [A §7]. */
  route53(): Route53Client {
    return this.client('route53', 'us-east-1', (config) => new Route53Client(config));
  }

  /** Closes all connections; the object can be used again afterwards. */
  destroy(): void {
    for (const client of [...this.clients.values(), ...this.roles.values()]) client.destroy();
    this.clients.clear();
    this.roles.clear();
  }

  private client<C>(service: string, region: string, make: (config: ClientConfig) => C, variant = ''): C {
    const key = `${service} ${region} ${variant}`;
    const known = this.clients.get(key);
    if (known !== undefined) return known as C;
    const client = make(this.config(region));
    const place = { service, region: service === 'route53' ? undefined : region };
    if (this.options.coalesce === false) askSeparately(client as AnyClient);
    else shareEqualReads(client as AnyClient);
    watchAttempts(client as AnyClient, place, this.silent);
    watchAnswers(client as AnyClient, place, this.silent);
    this.clients.set(key, client as AnyClient);
    return client;
  }

  private config(region: string): ClientConfig {
    const requestSeconds = this.options.requestTimeoutSeconds ?? 10;
    const connectSeconds = Math.min(this.options.connectTimeoutSeconds ?? 3, requestSeconds);
    const { endpoint, credentials } = this.options;
    return {
      region,
      maxAttempts: 2,
      requestHandler: {
        connectionTimeout: connectSeconds * 1000,
        requestTimeout: requestSeconds * 1000,
        throwOnRequestTimeout: true,
      },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
    };
  }
}

/** Whoever accepts silence and whoever does not are kept apart: the one must not get the other's answer. */
function shareEqualReads(client: AnyClient): void {
  const reads = new SharedReads();
  (client.middlewareStack as Stack).add(
    (next, context) => async (args) => {
      const action = actionOf(context);
      // The body of an object is a stream, which only one can read.
      if (!/^(Describe|Get|List)[A-Z]/.test(action) || action === 'GetObject') return next(args);
      const key = `${action} ${attitudeToSilence()} ${JSON.stringify(args.input)}`;
      const answer = await reads.share(key, () => next(args));
      noteAnswer();
      return answer;
    },
    { name: 'shareEqualReads', step: 'initialize', priority: 'high' },
  );
}

/** So far apart reads that were sent side by side may reach their time limits. */
const SIDE_BY_SIDE_SECONDS = 0.15;

interface Place {
  readonly service: string;
  /** Undefined for a service that is one for all regions. */
  readonly region: string | undefined;
}

function watchAttempts(client: AnyClient, { service, region }: Place, silent: SilentRegions): void {
  const stack = client.middlewareStack as Stack;
  const silentFor = (action: string): number | undefined =>
    region === undefined || isMutating(action) ? undefined : silent.silentSince(region);
  /** For whoever asks once: reads that were sent side by side reach their time limits side by side. */
  const isSilentNow = async (action: string): Promise<boolean> => {
    if (attitudeToSilence() !== 'asksOnce' || isMutating(action)) return false;
    await pause(SIDE_BY_SIDE_SECONDS);
    return silentFor(action) !== undefined;
  };
  stack.addRelativeTo(
    (next, context) => async (args) => {
      const seconds = attitudeToSilence() === 'accepts' ? silentFor(actionOf(context)) : undefined;
      if (seconds === undefined) return next(args);
      throw new RegionSilent(`silent ${Math.round(seconds)} s ago, not asked again`);
    },
    { name: 'spareSilentRegion', relation: 'before', toMiddleware: 'retryMiddleware' },
  );
  stack.addRelativeTo(
    (next, context) => async (args) => {
      const action = actionOf(context);
      await announceCall({ service, action, region, mutating: isMutating(action) });
      const known = silentFor(action) !== undefined;
      try {
        const answer = await next(args);
        if (saysNothing(answer))
          throw new UnreadableAnswer(`${action} was answered with nothing of AWS in it`);
        return answer;
      } catch (error) {
        // Under a name, and without a cause, that the SDK would send again for.
        if (isNoAnswer(error) && (known || (await isSilentNow(action))))
          throw new RegionSilent((error as Error).name);
        throw error;
      }
    },
    // Inside the retry loop, so that an attempt of the SDK's own counts and is refused like any other.
    { name: 'announceCall', relation: 'after', toMiddleware: 'retryMiddleware' },
  );
}

/**
 * A success without any member and without a request id, which AWS gives with every answer: the page of a proxy, or
 * nothing at all. The SDK takes it for an answer, and a read would pass for "there is none".
 */
function saysNothing(answer: unknown): boolean {
  const { output = {} } = answer as { output?: { $metadata?: { requestId?: string } } };
  const members = Object.entries(output).filter(
    ([name, value]) => name !== '$metadata' && value !== undefined,
  );
  return output.$metadata?.requestId === undefined && members.length === 0;
}

/** Hears every HTTP answer, and every attempt that got none; HTTP 503 tells neither life nor silence. */
function watchAnswers(client: AnyClient, { service, region }: Place, silent: SilentRegions): void {
  const handler = client.config.requestHandler;
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options) => {
    const abortSignal = options?.abortSignal ?? callSignal();
    try {
      const answer = await handle(
        request,
        abortSignal === undefined ? { ...options } : { ...options, abortSignal },
      );
      if (answer.response.statusCode !== 503) noteAnswer();
      if (region !== undefined && answer.response.statusCode !== 503) silent.answered(region);
      return answer;
    } catch (error) {
      if (region !== undefined && abortSignal?.aborted !== true && isNoAnswer(error))
        silent.missed(region, service);
      throw error;
    }
  };
}

function actionOf(context: { readonly commandName?: string }): string {
  return (context.commandName ?? 'UnknownCommand').replace(/Command$/, '');
}
