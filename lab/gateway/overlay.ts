/** One request of an AWS client, understood far enough to route it. */
export interface AwsCall {
  readonly account: string;
  readonly region: string;
  /** Signing name: `rds`, `ec2`, `elasticloadbalancing`, `autoscaling`, `cloudformation`, `route53`, `ssm`, `monitoring`, `sts`. */
  readonly service: string;
  /** Operation name, e.g. `PromoteReadReplica`. */
  readonly action: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Query protocols: flat members such as `Filters.Filter.1.Name`; JSON and CBOR: the decoded body; REST: empty. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly mutating: boolean;
}

export interface AwsReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends the call on to moto; `parameters` replaces the flat members of a query-protocol call. */
type Forward = (parameters?: Readonly<Record<string, unknown>>) => Promise<AwsReply>;

/** Behaviour that AWS has and moto lacks, for one operation. Throws `AwsFault` for an error reply. */
export type Handler = (call: AwsCall, forward: Forward) => Promise<AwsReply>;

export interface Overlay {
  readonly service: string;
  /** Version of this service's query API that Classic and newer load balancers share one signing name by; absent: any. */
  readonly apiVersion?: string;
  readonly handlers: Readonly<Record<string, Handler>>;
}

/** An error as AWS would answer it; the gateway writes it in the caller's protocol. */
export class AwsFault extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}
