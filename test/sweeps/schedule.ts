import type { Disaster } from '../../lab/world/disasters';
import type { CleanRun } from './clean-run';
import type { Moment } from './moments';

/** One thing that goes wrong on purpose. Durations in real seconds. */
export type Mishap =
  | { readonly kind: 'killWorker' }
  | { readonly kind: 'loseAnswers'; readonly count: number }
  | { readonly kind: 'throttle'; readonly count: number }
  | { readonly kind: 'partition'; readonly site: 'primary' | 'standby'; readonly seconds: number }
  | { readonly kind: 'primaryReturns'; readonly seconds: number }
  | { readonly kind: 'databaseCrash'; readonly seconds: number }
  | { readonly kind: 'clockJump'; readonly seconds: number }
  | { readonly kind: 'temporalRestart' };

export interface Scheduled {
  /** When the run takes this up, or `latestSeconds` after its start where it does not. */
  readonly when: Pick<Moment, 'activity' | 'nth'>;
  readonly latestSeconds: number;
  readonly mishap: Mishap;
}

/** What happens in a random run: the same for the same seed. */
export interface Schedule {
  readonly seed: number;
  readonly disaster: Disaster;
  readonly mishaps: readonly Scheduled[];
}

export type Random = () => number;

/** mulberry32: small, and the same on every machine. @returns numbers from 0 up to 1 */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const DISASTERS: readonly Disaster[] = ['region-down', 'partition', 'database-down'];

/** A usual run is over by then; a fixed figure, because that of the undisturbed run depends on the machine. */
const LATEST_SECONDS = 40;

/** Two to four mishaps at moments of the execution. Depends on which activities there are, not on their order. */
export function makeSchedule(seed: number, clean: Pick<CleanRun, 'activities'>): Schedule {
  const random = randomFrom(seed);
  const activities = [...clean.activities].sort(
    (one, other) => one.activity.localeCompare(other.activity, 'en') || one.nth - other.nth,
  );
  const below = (count: number): number => Math.floor(random() * count);
  const disaster = DISASTERS[below(DISASTERS.length)] ?? 'region-down';
  const mishaps = Array.from({ length: 2 + below(3) }, (): Scheduled => {
    const { activity, nth } = activities[below(activities.length)] ?? { activity: 'admit', nth: 1 };
    return {
      when: { activity, nth },
      latestSeconds: 5 + below(LATEST_SECONDS),
      mishap: mishapOf(random),
    };
  });
  return { seed, disaster, mishaps };
}

function mishapOf(random: Random): Mishap {
  const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  const makers: readonly (() => Mishap)[] = [
    () => ({ kind: 'killWorker' }),
    () => ({ kind: 'loseAnswers', count: between(1, 4) }),
    () => ({ kind: 'throttle', count: between(1, 8) }),
    () => ({ kind: 'partition', site: random() < 0.5 ? 'primary' : 'standby', seconds: between(1, 8) }),
    () => ({ kind: 'primaryReturns', seconds: between(2, 10) }),
    () => ({ kind: 'databaseCrash', seconds: between(1, 5) }),
    () => ({ kind: 'clockJump', seconds: between(-900, 900) }),
    () => ({ kind: 'temporalRestart' }),
  ];
  return (makers[between(0, makers.length - 1)] ?? (() => ({ kind: 'killWorker' }) as const))();
}

export function describeSchedule({ disaster, mishaps }: Schedule): string {
  const lines = mishaps.map(({ when, mishap }) => {
    const { kind, ...rest } = mishap;
    const details = Object.values(rest).join(' ');
    return `${kind}${details === '' ? '' : ` ${details}`} at ${when.activity} ${when.nth}`;
  });
  return [disaster, ...lines].join(', ');
}
