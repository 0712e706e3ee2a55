import type { VirtualClock } from '../clock/virtual-clock';
import type { WorldBus } from '../world/events';

class Stopped extends Error {}

/** Work that goes on in the emulated regions after a call was answered. Stands still in a region without power. */
export class Schedule {
  private readonly tasks = new Set<Promise<void>>();
  private readonly sleepers = new Set<() => void>();
  private readonly down = new Set<string>();
  private readonly waiting = new Map<string, Set<() => void>>();
  private stopped = false;

  constructor(
    readonly clock: VirtualClock,
    private readonly bus: WorldBus,
  ) {}

  isDown(region: string): boolean {
    return this.down.has(region);
  }

  /** Starts work that nobody waits for; a failure of the lab itself is a violation that every test sees. */
  run(name: string, work: () => Promise<void>): void {
    if (this.stopped) return;
    const task = work()
      .catch((error: unknown) => {
        if (error instanceof Stopped || this.stopped) return;
        this.bus.emit('violation', { invariant: 'the lab works', detail: `${name}: ${String(error)}` });
      })
      .finally(() => this.tasks.delete(task));
    this.tasks.add(task);
  }

  /** Virtual seconds in a region; ends no sooner than the region has power. */
  async pause(region: string, seconds: number): Promise<void> {
    await this.sleep(seconds);
    await this.powered(region);
  }

  async powered(region: string): Promise<void> {
    while (this.down.has(region)) {
      await this.cancellable((wake) => {
        const waiting = this.waiting.get(region) ?? new Set();
        this.waiting.set(region, waiting.add(wake));
        return () => waiting.delete(wake);
      });
    }
  }

  crash(region: string): void {
    this.down.add(region);
  }

  restore(region: string): void {
    this.down.delete(region);
    const waiting = this.waiting.get(region);
    this.waiting.delete(region);
    waiting?.forEach((wake) => wake());
  }

  /** Wakes all sleepers for their end and waits until everything under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const cancel of [...this.sleepers]) cancel();
    await Promise.allSettled([...this.tasks]);
  }

  private sleep(seconds: number): Promise<void> {
    return this.cancellable((wake) => this.clock.after(seconds, wake));
  }

  private cancellable(start: (wake: () => void) => () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.stopped) return reject(new Stopped());
      const callOff = start(() => {
        this.sleepers.delete(cancel);
        resolve();
      });
      const cancel = (): void => {
        this.sleepers.delete(cancel);
        callOff();
        reject(new Stopped());
      };
      this.sleepers.add(cancel);
    });
  }
}
