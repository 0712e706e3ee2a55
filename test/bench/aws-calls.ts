import type { LedgerEntry } from '../../lab/gateway/ledger';
import { round } from './row';
import { isOwnLook } from './waits';
import type { SeenWait } from './watch-waits';

export interface CallFigures {
  readonly total: number;
  readonly mutating: number;
  readonly byService: Readonly<Record<string, { readonly reads: number; readonly mutating: number }>>;
}

/** Calls of the run, without the bench's own looks. */
export function countCalls(entries: readonly LedgerEntry[]): CallFigures {
  const own = entries.filter((entry) => !isOwnLook(entry));
  const services = [...new Set(own.map(({ service }) => service))].sort();
  const count = (of: readonly LedgerEntry[], mutating: boolean): number =>
    of.filter((entry) => entry.mutating === mutating).length;
  return {
    total: own.length,
    mutating: count(own, true),
    byService: Object.fromEntries(
      services.map((service) => {
        const of = own.filter((entry) => entry.service === service);
        return [service, { reads: count(of, false), mutating: count(of, true) }];
      }),
    ),
  };
}

export interface WaitCalls {
  readonly wait: string;
  /** As long as AWS would have taken. */
  readonly seconds: number;
  readonly looks: number;
  readonly waiter: string;
  readonly waiterLooks: number;
}

/**
 * Reads of the waiting service while the run waited, beside those of the SDK's waiter, which looks at once and then
 * every `minDelay` seconds.
 */
export function callsWhileWaiting(
  entries: readonly LedgerEntry[],
  waits: readonly SeenWait[],
  clock: { readonly scale: number; now(): number },
): readonly WaitCalls[] {
  const virtual = (real: number): number => clock.now() - (Date.now() - real) * clock.scale;
  return waits.map(({ definition, from, to }) => {
    const [begun, over] = [virtual(from), virtual(to)];
    const looks = entries.filter(
      (entry) =>
        !isOwnLook(entry) &&
        !entry.mutating &&
        entry.service === definition.service &&
        entry.at > begun &&
        entry.at <= over,
    ).length;
    const duration = ((to - from) * clock.scale) / 1000;
    return {
      wait: definition.name,
      seconds: round(duration, 1),
      looks,
      waiter: definition.waiter.name,
      waiterLooks: 1 + Math.floor(duration / definition.waiter.everySeconds),
    };
  });
}
