import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../../lab/world/world';
import { isOwnLook } from './waits';
import type { WaitDefinition } from './waits';

/** Real milliseconds between two looks at the lab; bounds the error of each wait. */
const LOOK_EVERY_MS = 40;

/** A wait as it was: epoch milliseconds of real time. */
export interface SeenWait {
  readonly definition: WaitDefinition;
  readonly from: number;
  readonly to: number;
}

/** Watches, beside the run and independently of it, when each wait began and when the lab had the effect in place. */
export class WaitWatch {
  private readonly seen: SeenWait[] = [];
  private readonly ended = new AbortController();
  private readonly watching: Promise<unknown>;

  constructor(
    private readonly world: World,
    definitions: readonly WaitDefinition[],
  ) {
    const first = world.gateway.ledger.entries().length;
    this.watching = Promise.all(definitions.map((definition) => this.watch(definition, first)));
  }

  /** Ends the watch. @throws Error when a wait that began was not seen to end */
  async finish(): Promise<readonly SeenWait[]> {
    this.ended.abort();
    await this.watching;
    return [...this.seen].sort((one, other) => one.from - other.from);
  }

  private async watch(definition: WaitDefinition, first: number): Promise<void> {
    const { ledger } = this.world.gateway;
    for (let next = first; ;) {
      const entries = ledger.entries();
      const found = entries
        .slice(next)
        .find((entry) => !isOwnLook(entry) && definition.begins(entry) && entry.applied);
      if (found !== undefined) return this.watchEnd(definition, this.realTime(found.at));
      if (this.ended.signal.aborted) return;
      // A call that has arrived and was not yet answered is looked at again.
      next = Math.max(first, entries.length - 20);
      await sleep(LOOK_EVERY_MS);
    }
  }

  private async watchEnd(definition: WaitDefinition, from: number): Promise<void> {
    while (!(await definition.isOver())) {
      if (this.ended.signal.aborted) throw new Error(`the end of "${definition.name}" was not seen`);
      await sleep(LOOK_EVERY_MS);
    }
    this.seen.push({ definition, from, to: Date.now() });
  }

  private realTime(virtual: number): number {
    const { clock } = this.world;
    return Date.now() - (clock.now() - virtual) / clock.scale;
  }
}
