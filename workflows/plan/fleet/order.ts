import type { Holder } from '../../steps/observe-holders';
import type { FleetInstance } from './estate';

/** What becomes of each selected instance. */
export interface FleetOutlook {
  /** In the order of their start: those that another run holds come last, for they may be free by then. */
  readonly order: readonly string[];
  /** Not started at all, with the reason. */
  readonly left: readonly { readonly name: string; readonly named: boolean; readonly why: string }[];
  /** Held by another run when it was looked. */
  readonly busy: readonly Holder[];
}

/** Sorts the selected instances by what is known of them before any is touched. Pure. */
export function planFleet(instances: readonly FleetInstance[], holders: readonly Holder[]): FleetOutlook {
  const able = instances.filter(({ hasBackup, freeze }) => hasBackup && freeze === null);
  const busy = holders.filter(({ instance }) => able.some(({ name }) => name === instance));
  const isBusy = new Set(busy.map(({ instance }) => instance));
  const names = able.map(({ name }) => name);
  return {
    order: [...names.filter((name) => !isBusy.has(name)), ...names.filter((name) => isBusy.has(name))],
    left: instances.flatMap(({ name, named, hasBackup, freeze }) => {
      if (!hasBackup) return [{ name, named, why: 'the estate does not say where its backups are kept' }];
      return freeze === null ? [] : [{ name, named, why: freeze }];
    }),
    busy,
  };
}

/** Names for people: the first ones, and how many more there are. */
export function someNames(names: readonly string[], most = 12): string {
  const more = names.length - most;
  return more <= 0 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${more} more`;
}
