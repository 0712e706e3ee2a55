import type { VirtualClock } from '../../clock/virtual-clock';
import type { DatabaseInstance } from '../instance';
import type { Servers } from '../servers';
import type { Store } from '../store';
import { SECONDS } from '../durations';
import type { Sample } from './series';

const KEPT = 4000;
/** A lab on a very fast clock still leaves its servers time to work. */
const SHORTEST_INTERVAL_MS = 200;

export type MetricName = 'ReplicaLag' | 'DatabaseConnections' | 'TransactionLogsDiskUsage';

interface Measured {
  readonly standby: boolean;
  readonly streaming: boolean;
  /** Seconds between now and the last replayed commit; null before the first. */
  readonly lag: number | null;
  readonly connections: number;
  readonly wal: number;
}

const MEASURE = `
  select pg_is_in_recovery() as standby,
         coalesce((select status = 'streaming' from pg_stat_wal_receiver), false) as streaming,
         extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8 as lag,
         (select count(*)::int from pg_stat_activity
           where backend_type = 'client backend' and usename <> current_user) as connections,
         (select coalesce(sum(size), 0)::float8 from pg_ls_waldir()) as wal`;

/**
 * Measures every server once per virtual minute. Values and times are real, not virtual: they come from real servers,
 * and who asks for them compares them with his own clock.
 */
export class Sampler {
  private readonly samples = new Map<string, Sample[]>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private ended = false;
  private working: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly clock: VirtualClock,
    private readonly store: Store,
    private readonly servers: Servers,
  ) {}

  start(): void {
    this.every(SECONDS.metric, () => this.measureAll());
    this.every(SECONDS.heartbeat, () => this.beatAll());
  }

  /** Ends and waits for what is being measured. */
  async stop(): Promise<void> {
    this.ended = true;
    for (const timer of this.timers) clearTimeout(timer);
    await this.working;
  }

  /** Metrics follow the name of the instance, also over a rename [A §5.4]. */
  of(region: string, id: string, metric: string): readonly Sample[] {
    return this.samples.get(`${region}/${id.toLowerCase()}/${metric}`) ?? [];
  }

  /** Each interval is asked from the clock anew, whose pace may change; work that hangs costs points, as with AWS. */
  private every(virtualSeconds: number, work: () => Promise<unknown>): void {
    const next = (): void => {
      if (this.ended) return;
      const interval = Math.max(SHORTEST_INTERVAL_MS, this.clock.real(virtualSeconds));
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        const done = work().finally(next);
        this.working = Promise.allSettled([this.working, done]);
      }, interval);
      timer.unref();
      this.timers.add(timer);
    };
    next();
  }

  private measureAll(): Promise<unknown> {
    return Promise.allSettled(this.measurable().map((instance) => this.measure(instance)));
  }

  private async measure(instance: DatabaseInstance): Promise<void> {
    const [row] = await instance.server.query<Measured>(MEASURE, [], { timeoutMs: 2000 });
    if (row === undefined) return;
    this.add(instance, 'DatabaseConnections', row.connections);
    this.add(instance, 'TransactionLogsDiskUsage', row.wal);
    // No points while replication is in trouble [A §5.3]: the lag of a stream that is not there says nothing.
    if (row.standby && row.streaming && row.lag !== null) {
      this.add(instance, 'ReplicaLag', Math.max(0, row.lag));
    }
  }

  private add(instance: DatabaseInstance, metric: MetricName, value: number): void {
    const key = `${instance.region}/${instance.id}/${metric}`;
    const samples = this.samples.get(key) ?? [];
    samples.push({ at: Date.now(), value });
    if (samples.length > KEPT) samples.splice(0, samples.length - KEPT);
    this.samples.set(key, samples);
  }

  /** An idle source commits now and then by itself; without that the lag of its replicas would grow for ever. */
  private beatAll(): Promise<unknown> {
    const sources = this.measurable().filter((each) => this.store.replicasOf(each).length > 0);
    return Promise.allSettled(
      sources.map(async (source) => {
        if (await this.servers.inRecovery(source)) return;
        await source.server.query('select pg_current_xact_id()', [], { timeoutMs: 2000 });
      }),
    );
  }

  private measurable(): readonly DatabaseInstance[] {
    return this.store.instances.all().filter((instance) => instance.reachable && instance.server.alive);
  }
}
