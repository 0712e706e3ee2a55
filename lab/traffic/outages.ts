/** A period in which no push succeeded; `to` is null while it lasts. ISO 8601, real time. */
export interface Outage {
  readonly from: string;
  readonly to: string | null;
}

/**
 * Measures downtime as users see it: from the last success before a failure to the first success after it. Feed it in
 * the order in which things end.
 */
export class Outages {
  private readonly ended: { readonly from: number; readonly to: number }[] = [];
  private lastSuccess: number | undefined;
  private failing = false;

  constructor(private readonly minimumMs: number) {}

  succeeded(at: number): void {
    if (this.failing && this.lastSuccess !== undefined && at - this.lastSuccess >= this.minimumMs)
      this.ended.push({ from: this.lastSuccess, to: at });
    this.failing = false;
    this.lastSuccess = at;
  }

  /** Failures before the very first success are no outage: the service had not begun. */
  failed(): void {
    this.failing = true;
  }

  summary(now: number): { readonly downtimeSeconds: number; readonly outages: readonly Outage[] } {
    const open =
      this.failing && this.lastSuccess !== undefined && now - this.lastSuccess >= this.minimumMs
        ? this.lastSuccess
        : undefined;
    const total =
      this.ended.reduce((sum, { from, to }) => sum + to - from, 0) + (open === undefined ? 0 : now - open);
    return {
      downtimeSeconds: total / 1000,
      outages: [
        ...this.ended.map(({ from, to }) => ({ from: iso(from), to: iso(to) })),
        ...(open === undefined ? [] : [{ from: iso(open), to: null }]),
      ],
    };
  }
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
