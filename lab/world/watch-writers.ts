import type { SiteProbe } from './site-probe';

const EVERY_MS = 1000;

/**
 * Looks again and again whether two sites accept writes at the same time, for the whole life of a world. One look
 * takes a while, so two in a row must agree before it counts.
 */
export class WriterWatch {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;
  private suspicious = false;
  private readonly seen: string[] = [];

  constructor(
    private readonly look: () => Promise<Readonly<Record<string, SiteProbe>>>,
    private readonly found: (detail: string) => void,
  ) {}

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
        this.suspicious ? 50 : EVERY_MS,
      );
      this.timer.unref();
    };
    next();
  }

  async once(): Promise<void> {
    const writers = Object.entries(await this.look())
      .filter(([, probe]) => probe.acceptsWrites)
      .map(([name]) => name);
    if (writers.length < 2) {
      this.suspicious = false;
      return;
    }
    if (this.suspicious && this.seen.length === 0) {
      const detail = `${writers.join(' and ')} accepted writes at the same time (${new Date().toISOString()})`;
      this.seen.push(detail);
      this.found(detail);
    }
    this.suspicious = true;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }
}
