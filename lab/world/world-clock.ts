import { VirtualClock } from '../clock/virtual-clock';

const HURRIED_MS = 20;

/**
 * The world's clock. While the world is being set up the durations of AWS vanish, so that a standby database which
 * takes AWS 38 minutes is there at once; then it runs at the scale that was asked for.
 */
export class WorldClock extends VirtualClock {
  private hurried = false;

  override real(virtualSeconds: number): number {
    const real = super.real(virtualSeconds);
    return this.hurried ? Math.min(real, HURRIED_MS) : real;
  }

  hurry(): void {
    this.hurried = true;
  }

  /** The world is there: from now on durations count. */
  settle(): void {
    this.hurried = false;
  }
}
