import type { Member } from './manifest';

/** The oldest instant of all members, and how far apart they are. */
export interface CaptureTimes {
  readonly capturedAt: string;
  readonly skewSeconds: number;
}

/** @throws Error without members */
export function captureTimes(members: readonly Pick<Member, 'capturedAt'>[]): CaptureTimes {
  const times = members.map(({ capturedAt }) => Date.parse(capturedAt)).sort((a, b) => a - b);
  const [oldest] = times;
  const newest = times.at(-1);
  if (oldest === undefined || newest === undefined) throw new Error('a backup has at least one member');
  return {
    capturedAt: new Date(oldest).toISOString(),
    skewSeconds: Math.round(newest - oldest) / 1000,
  };
}
