import type { VirtualClock } from '../clock/virtual-clock';
import { checkHealth } from './health-check';

export interface HealthCheckSettings {
  readonly port: number;
  readonly path: string;
  /** Virtual seconds between two checks. */
  readonly interval: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

export interface Member {
  readonly instanceId: string;
  inService: boolean;
  /** Whether it has been in service since it was registered. */
  proven: boolean;
  draining: boolean;
  /** Requests that are being served. */
  inFlight: number;
  readonly breakOff: Set<() => void>;
}

/** A busy machine must not look like a hanging node, so both have a floor in real time. */
const SHORTEST_INTERVAL_MS = 200;
const TIMEOUT_MS = 1500;
/** Virtual seconds for which a drained instance is still listed, so that who looks can see it. */
const SHORTEST_DRAIN = 5;

/** The instances registered with one load balancer: health by repeated checks, and draining. */
export class Members {
  private readonly all = new Map<string, Member>();
  private readonly former = new Set<string>();
  private stopped = false;

  constructor(
    private readonly clock: VirtualClock,
    private readonly addressOf: (instanceId: string) => string | undefined,
    private readonly settings: () => HealthCheckSettings,
  ) {}

  list(): readonly Member[] {
    return [...this.all.values()];
  }

  get(instanceId: string): Member | undefined {
    return this.all.get(instanceId);
  }

  register(instanceId: string): void {
    const present = this.all.get(instanceId);
    if (present !== undefined && !present.draining) return;
    const member: Member = {
      instanceId,
      inService: false,
      proven: false,
      draining: false,
      inFlight: 0,
      breakOff: new Set(),
    };
    this.all.set(instanceId, member);
    this.former.delete(instanceId);
    void this.watch(member);
  }

  /**
   * Sends nothing new to the instance and lets its requests end, for `seconds` (virtual) at most; without draining
   * (0 seconds) they are broken off. @returns when the instance is gone from the load balancer
   */
  async deregister(instanceId: string, seconds: number): Promise<void> {
    const member = this.all.get(instanceId);
    if (member === undefined || member.draining) return this.gone(instanceId);
    member.draining = true;
    const start = this.clock.now();
    const elapsed = (): number => (this.clock.now() - start) / 1000;
    const listed = Math.min(seconds, SHORTEST_DRAIN);
    while (!this.stopped && (elapsed() < listed || (member.inFlight > 0 && elapsed() < seconds)))
      await pause(20);
    for (const breakOff of [...member.breakOff]) breakOff();
    if (this.all.get(instanceId) !== member) return;
    this.all.delete(instanceId);
    this.former.add(instanceId);
  }

  stop(): void {
    this.stopped = true;
  }

  /** The node that serves the fewest requests now. */
  choose(): { readonly member: Member; readonly address: string } | undefined {
    const ready = this.list().filter((member) => member.inService && !member.draining);
    const [member] = ready.sort((a, b) => a.inFlight - b.inFlight);
    const address = member === undefined ? undefined : this.addressOf(member.instanceId);
    if (member === undefined || address === undefined) return undefined;
    // Taken from the head and put at the end, so that nodes with equally few requests take turns.
    this.all.delete(member.instanceId);
    this.all.set(member.instanceId, member);
    return { member, address };
  }

  private async gone(instanceId: string): Promise<void> {
    while (this.all.get(instanceId)?.draining === true && !this.stopped) await pause(20);
  }

  private async watch(member: Member): Promise<void> {
    let row = 0;
    while (!this.stopped && this.all.get(member.instanceId) === member) {
      const { port, path, interval, healthyThreshold, unhealthyThreshold } = this.settings();
      const address = this.addressOf(member.instanceId);
      const healthy =
        address !== undefined && (await checkHealth({ address, port, path, timeoutMs: TIMEOUT_MS }));
      if (healthy === member.inService) row = 0;
      else row += 1;
      if (row >= (healthy ? healthyThreshold : unhealthyThreshold)) {
        member.inService = healthy;
        member.proven ||= healthy;
        row = 0;
      }
      await pause(Math.max(this.clock.real(interval), SHORTEST_INTERVAL_MS));
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
