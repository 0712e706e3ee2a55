/** What a clock on a wall in Berlin shows, as numbers: equal numbers are the same period, the greater one is later. */
export interface BerlinTime {
  /** Of the epoch: the hour that a clock change repeats is two hours. */
  readonly hour: number;
  readonly day: number;
  /** From Monday. */
  readonly week: number;
  readonly month: number;
  readonly year: number;
  /** 0 to 23, as it is read. */
  readonly hourOfDay: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * By the rule of directive 2000/84/EC and by nothing that the product uses (it asks the time zones of Node): an oracle
 * that shared its calendar would share its faults.
 * @param at epoch milliseconds, from 1996 on
 */
export function berlinTime(at: number): BerlinTime {
  const local = at + (isSummer(at) ? 2 : 1) * HOUR;
  const day = Math.floor(local / DAY);
  const date = new Date(local);
  const year = date.getUTCFullYear();
  return {
    hour: Math.floor(at / HOUR),
    day,
    // Day 0 was a Thursday.
    week: Math.floor((day + 3) / 7),
    month: year * 12 + date.getUTCMonth(),
    year,
    hourOfDay: date.getUTCHours(),
  };
}

/** From the last Sunday of March to the last of October, both at one o'clock of Greenwich. */
function isSummer(at: number): boolean {
  const year = new Date(at).getUTCFullYear();
  return at >= lastSunday(year, 2) + HOUR && at < lastSunday(year, 9) + HOUR;
}

/** Midnight of Greenwich. Both months have 31 days. */
function lastSunday(year: number, month: number): number {
  const last = Date.UTC(year, month, 31);
  return last - new Date(last).getUTCDay() * DAY;
}
