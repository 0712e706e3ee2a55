import { AsyncLocalStorage } from 'node:async_hooks';

import type { StepContext } from '../../workflows/runbook/step';

/** For so long the silence of a region is believed without asking again, milliseconds. */
const BELIEVED_MS = 10_000;
/** One silent service may be in trouble by itself; so many of them are the region's trouble. */
const SERVICES = 2;

/** A read that was not sent, or not sent again, because its region had just been silent. Says nothing about the resource. */
export class RegionSilent extends Error {
  override readonly name = 'RegionSilent';
}

/** How a read takes the silence of its region: asks again, asks once, or does not ask. */
type Attitude = 'asksAgain' | 'asksOnce' | 'accepts';

const attitude = new AsyncLocalStorage<Attitude>();

/**
 * Within `work`, reads in a region that has just been silent fail at once instead of waiting for the time limits again.
 * Only for what is shown to people, never for what acts or finds out whether a region is back: each worker has heard
 * something else, and another one may know already that the region answers.
 */
export function acceptSilence<T>(work: () => Promise<T>): Promise<T> {
  return attitude.run('accepts', work);
}

/**
 * Within `work`, a read that gets no answer is not sent again when reads of another service get none at the same moment:
 * for a look at many services side by side, where one time limit says as much as two. Everything is asked, also of a
 * region that was silent before. Only for looks whose answer may be "unreachable".
 */
export function askOnce<T>(work: () => Promise<T>): Promise<T> {
  return attitude.run('asksOnce', work);
}

/** The plan believes what was heard a moment ago; the execution asks again. */
export function acceptSilenceInPlan<T>(context: StepContext, work: () => Promise<T>): Promise<T> {
  return context.token === null ? acceptSilence(work) : work();
}

/** Readers of different attitudes must not get each other's answers. */
export function attitudeToSilence(): Attitude {
  return attitude.getStore() ?? 'asksAgain';
}

/**
 * Which regions left calls unanswered a moment ago. A region counts as silent when calls to two of its services got no
 * answer within the last ten seconds, and none got one since; any answer ends that at once.
 */
export class SilentRegions {
  /** Region → service → when its last unanswered call ended, epoch milliseconds. */
  private readonly unanswered = new Map<string, Map<string, number>>();

  answered(region: string): void {
    this.unanswered.delete(region);
  }

  missed(region: string, service: string, now = Date.now()): void {
    const services = this.unanswered.get(region) ?? new Map<string, number>();
    services.set(service, now);
    this.unanswered.set(region, services);
  }

  /** Seconds since the region was last silent; undefined when it does not count as silent. */
  silentSince(region: string, now = Date.now()): number | undefined {
    const recent = [...(this.unanswered.get(region)?.values() ?? [])].filter((at) => now - at < BELIEVED_MS);
    return recent.length < SERVICES ? undefined : (now - Math.max(...recent)) / 1000;
  }
}
