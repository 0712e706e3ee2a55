import type { SiteProbe } from './site-probe';

const EVERY_MS = 1000;

/** A time in which two sites accepted writes; epoch milliseconds. */
export interface Overlap {
  /** Names of the sites. */
  readonly writers: readonly string[];
  readonly from: number;
  /** Null while it lasts. */
  readonly until: number | null;
}

export function describeOverlap({ writers, from }: Overlap): string {
  return `${writers.join(' and ')} accepted writes at the same time (${new Date(from).toISOString()})`;
}

/**
 * Looks again and again whether two sites accept writes at the same time, for the whole life of a world. One look
 * takes a while, so two in a row must agree before it counts.
 */
export class WriterWatch {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;
  /** What the last look saw, and the one before it did not. */
  private suspicion: Overlap | null = null;
  private open: Overlap | null = null;
  private readonly over: Overlap[] = [];

  constructor(private readonly look: () => Promise<Readonly<Record<string, SiteProbe>>>) {}

  get overlaps(): readonly Overlap[] {
    return this.open === null ? this.over : [...this.over, this.open];
  }

  start(): void {
    const next = (): void => {
      this.timer = setTimeout(
        () => {
          this.looking = this.once()
            .catch(() => undefined)
            .then(() => {
              if (!this.stopped) next();
            });
        },
        this.suspicion !== null && this.open === null ? 50 : EVERY_MS,
      );
      this.timer.unref();
    };
    next();
  }

  async once(): Promise<void> {
    const from = Date.now();
    const writers = Object.entries(await this.look())
      .filter(([, probe]) => probe.acceptsWrites)
      .map(([name]) => name);
    if (writers.length > 1) {
      this.open ??= this.suspicion;
      this.suspicion ??= { writers, from, until: null };
      return;
    }
    if (this.open !== null) this.over.push({ ...this.open, until: Date.now() });
    this.suspicion = this.open = null;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }
}
