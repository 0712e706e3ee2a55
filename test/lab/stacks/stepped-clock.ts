import { VirtualClock } from '../../../lab/clock/virtual-clock';

/** Virtual time that stands still until the test moves it. */
export class SteppedClock extends VirtualClock {
  private time = Date.parse('2026-01-01T00:00:00Z');
  private timers: { readonly at: number; readonly fn: () => void }[] = [];

  constructor() {
    super(1);
  }

  override now(): number {
    return this.time;
  }

  override after(virtualSeconds: number, fn: () => void): () => void {
    const timer = { at: this.time + virtualSeconds * 1000, fn };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((each) => each !== timer));
  }

  override sleep(virtualSeconds: number): Promise<void> {
    return new Promise((resolve) => void this.after(virtualSeconds, resolve));
  }

  /** Calls what falls due meanwhile, in its order, and lets what follows from it happen. */
  async advance(virtualSeconds: number): Promise<void> {
    const end = this.time + virtualSeconds * 1000;
    for (;;) {
      const [next] = this.timers.filter((each) => each.at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.timers = this.timers.filter((each) => each !== next);
      this.time = next.at;
      next.fn();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.time = end;
  }
}
