import type { Instance, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import { awaitRegion } from '../steps/await-region';
import { fence } from './fence';

/** The fence of a lost site that could not be set when it was due, because its region did not answer. */
export class LateFence<Input> {
  private last: Promise<unknown> = Promise.resolve();

  /** @param proven whether it was set in time, and there is nothing left to do */
  constructor(
    private readonly run: Run<Input, Instance, Settings>,
    private readonly site: Site,
    public proven: boolean,
  ) {}

  /** Tries to set it; one attempt at a time, and none after it was proven. */
  async attempt(): Promise<void> {
    const attempt = this.last.then(async () => {
      this.proven ||= await fence(this.run, this.site);
    });
    this.last = attempt.catch(() => undefined);
    return attempt;
  }

  /** Does `work`, and sets the fence as soon as the region of the lost site answers again. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.proven) return work();
    const { run, site } = this;
    const { name, region, nodes } = site;
    const input = { site: name, region, autoScalingGroup: nodes.autoScalingGroup };
    return run.meanwhile(work, { contract: awaitRegion, input }, async () => {
      run.fact('came back', `${region} answers again; ${name} is fenced`);
      await this.attempt();
    });
  }
}
