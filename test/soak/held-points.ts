import type { FailoverBench } from '../support/failover-bench';
import { differences, expectedPoints } from './expected-points';
import type { HeldPoint } from './expected-points';
import { pointsAt } from './found-points';
import type { SiteName } from './found-points';

const SITE_NAMES: readonly SiteName[] = ['primary', 'standby'];

/** What the soak reckons to be at each site, beside what is found there. */
export class HeldPoints {
  private held: Readonly<Record<SiteName, readonly HeldPoint[]>> = { primary: [], standby: [] };
  readonly deleted: Record<SiteName, number> = { primary: 0, standby: 0 };

  constructor(private readonly bench: FailoverBench) {}

  at(site: SiteName): readonly HeldPoint[] {
    return this.held[site];
  }

  get counts(): Readonly<Record<SiteName, number>> {
    return { primary: this.held.primary.length, standby: this.held.standby.length };
  }

  add(backup: string, capturedAt: number): void {
    const point = { backup, capturedAt, proven: false };
    const { primary, standby } = this.held;
    this.held = { primary: [...primary, point], standby: [...standby, point] };
  }

  /** Trials take place at the standby, with the copies there. */
  prove(backup: string): void {
    const standby = this.held.standby.map((one) => (one.backup === backup ? { ...one, proven: true } : one));
    this.held = { ...this.held, standby };
  }

  prune(): void {
    for (const site of SITE_NAMES) {
      const names = expectedPoints(this.held[site]);
      const left = this.held[site].filter(({ backup }) => names.includes(backup));
      this.deleted[site] += this.held[site].length - left.length;
      this.held = { ...this.held, [site]: left };
    }
  }

  /** How what is found differs from what is reckoned; empty when it does not. */
  async differences(sites: readonly SiteName[] = SITE_NAMES): Promise<readonly string[]> {
    const found = await Promise.all(
      sites.map(async (site) => {
        const points = await pointsAt(this.bench, site);
        const names = this.held[site].map(({ backup }) => backup).sort();
        return [
          ...differences(
            site,
            names,
            points.map(({ backup }) => backup),
          ),
          ...points.filter(({ whole }) => !whole).map(({ backup }) => `${site}: ${backup} is not whole`),
        ];
      }),
    );
    return found.flat();
  }
}
