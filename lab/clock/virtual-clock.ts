/**
 * The only time that the emulated world knows: real time multiplied by `scale`, from the moment the lab started.
 * Overlays wait virtual seconds as AWS documents them; a scale of 60 makes a promotion of 5 minutes last 5 seconds.
 */
export class VirtualClock {
  private readonly startedAt = Date.now();

  constructor(readonly scale: number) {}

  /** Virtual time in epoch milliseconds. */
  now(): number {
    return this.startedAt + (Date.now() - this.startedAt) * this.scale;
  }

  /** Real milliseconds that a virtual duration takes. */
  real(virtualSeconds: number): number {
    return (virtualSeconds * 1000) / this.scale;
  }

  /** Calls `fn` after a virtual duration; the returned function calls it off. Does not keep the process alive. */
  after(virtualSeconds: number, fn: () => void): () => void {
    const timer = setTimeout(fn, this.real(virtualSeconds));
    timer.unref();
    return () => clearTimeout(timer);
  }

  sleep(virtualSeconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.real(virtualSeconds)));
  }
}
