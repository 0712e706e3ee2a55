import { patched } from '@temporalio/workflow';

import type { Instance, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import { regionOf } from '../plan/reach';
import type { Run } from '../runbook/run';
import { awaitRegion } from '../steps/await-region';
import type { Enough } from '../steps/await-region';
import { fence } from './fence';

/** The fence of a lost site that could not be set whole when it was due, because its region, or a part of it, did not answer. */
export class LateFence<Input> {
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param proven whether it was set in time, and there is nothing left to do
   * @param enough what has to answer before another attempt is worth while
   */
  constructor(
    private readonly run: Run<Input, Instance, Settings>,
    private readonly site: Site,
    public proven: boolean,
    private readonly enough: 'any' | 'all',
  ) {}

  /** Tries to set it; one attempt at a time, and none after it was proven. */
  async attempt(): Promise<void> {
    const attempt = this.last.then(async () => {
      this.proven ||= await fence(this.run, this.site);
    });
    this.last = attempt.catch(() => undefined);
    return attempt;
  }

  /** Does `work`, and sets the fence as soon as the region of the lost site answers again, if need be in two parts. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.proven) return work();
    let doing: Promise<unknown> = Promise.resolve();
    const begin = (): Promise<T> => {
      const begun = work();
      doing = begun.catch(() => undefined);
      return begun;
    };
    return this.whenAnswering(this.enough, begin, async () => {
      // A region comes back service by service: what answers is fenced now, and the rest when it answers as well.
      if (this.proven || this.enough === 'all' || !patched('fence-region-in-parts')) return;
      await this.whenAnswering('all', () => doing);
    });
  }

  private whenAnswering<T>(
    enough: Enough,
    work: () => Promise<T>,
    after: () => Promise<void> = () => Promise.resolve(),
  ): Promise<T> {
    const { run, site } = this;
    return run.meanwhile(work, { contract: awaitRegion, input: regionOf(site, enough) }, async () => {
      run.fact('came back', `${site.region} answers again; ${site.name} is fenced`);
      await this.attempt();
      await after();
    });
  }
}
