import type { EstateInput } from '../../estate/schema';

/** A policy that keeps one backup of each of so many days, and no others. */
export function keepDays(daily: number) {
  return { hourly: 0, daily, weekly: 0, monthly: 0, yearly: 0 };
}

/** One that keeps the newest only, of backups made one after the other: no hour or day ends between them, but a year. */
export const KEEP_NEWEST = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 1 };

/** The estate with such a policy. */
export function keeping(retention: ReturnType<typeof keepDays>): (estate: EstateInput) => EstateInput {
  return (estate) => ({
    ...estate,
    policy: { ...estate.policy, backup: { ...estate.policy?.backup, retention } },
  });
}
