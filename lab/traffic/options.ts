import { z } from 'zod';

const schema = z.strictObject({
  /** Public name that users type; sent as the Host header. */
  serviceName: z.string().min(1),
  /** Port of the load balancer. */
  port: z.number().int().default(8080),
  /** `host:port` of the only DNS server that is asked. */
  dnsServer: z.string().min(1),
  /** A time to live of n seconds is honoured for n / ttlScale real seconds: the clock of the emulated world. */
  ttlScale: z.number().positive().default(1),
  credentials: z.strictObject({ username: z.string().min(1), password: z.string().min(1) }),
  /** `PROJ/slug` each; pushes go to `main`. */
  repositories: z.array(z.string().regex(/^[^/]+\/[^/]+$/)).min(1),
  workers: z.number().int().positive().default(2),
  /** Real milliseconds from the start of one push of a worker to the start of its next. */
  intervalMs: z.number().min(0).default(1000),
  /** A clone after every so many pushes of a worker; 0 = never. */
  cloneEvery: z.number().int().min(0).default(20),
  /** Real milliseconds after which a git command is given up. */
  timeoutMs: z.number().positive().default(3000),
  /** Real milliseconds; a shorter gap between two successes is no outage, even with failures in it. */
  minimumOutageMs: z.number().min(0).default(1500),
  /** Local clones; made when missing, removed by nobody. */
  directory: z.string().startsWith('/'),
  /** JSON lines, one per acknowledged push. */
  pushesFile: z.string().startsWith('/'),
});

/** What the traffic generator does. All times are REAL. */
export type TrafficOptions = z.input<typeof schema>;
export type CompleteTrafficOptions = z.output<typeof schema>;

/** @throws ZodError naming the wrong members */
export function completeTrafficOptions(options: unknown): CompleteTrafficOptions {
  return Object.freeze(schema.parse(options));
}
