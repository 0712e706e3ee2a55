/** Which regions have power, and between which pairs nothing gets through. */
export class Regions {
  private readonly down = new Map<string, { readonly up: Promise<void>; readonly turnOn: () => void }>();
  private readonly outages = new Map<string, number>();
  private readonly cut = new Set<string>();

  isUp(region: string): boolean {
    return !this.down.has(region);
  }

  /** How often the region has lost its power: tells whether it did during some work. */
  outagesOf(region: string): number {
    return this.outages.get(region) ?? 0;
  }

  whenUp(region: string): Promise<void> {
    return this.down.get(region)?.up ?? Promise.resolve();
  }

  turnOff(region: string): void {
    if (!this.isUp(region)) return;
    const { promise, resolve } = withResolver();
    this.down.set(region, { up: promise, turnOn: resolve });
    this.outages.set(region, this.outagesOf(region) + 1);
  }

  turnOn(region: string): void {
    this.down.get(region)?.turnOn();
    this.down.delete(region);
  }

  partition(a: string, b: string): void {
    this.cut.add(pair(a, b));
  }

  mend(): void {
    this.cut.clear();
  }

  /** The regions that cannot be reached from this one by reason of a partition. */
  partitionedFrom(region: string, all: readonly string[]): readonly string[] {
    return all.filter((other) => this.cut.has(pair(region, other)));
  }

  reaches(a: string, b: string): boolean {
    return this.isUp(a) && this.isUp(b) && !this.cut.has(pair(a, b));
  }
}

function pair(a: string, b: string): string {
  return [a, b].sort().join(' ');
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
