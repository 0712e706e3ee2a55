/** The calendar periods in which an instant lies, as texts that sort like time. */
export interface Periods {
  /** With the offset, so that the hour that a clock change repeats is two hours: `2026-10-25T02+02:00`. */
  readonly hour: string;
  readonly day: string;
  /** ISO 8601 week, which belongs to the year of its Thursday: `2026-W47`. */
  readonly week: string;
  readonly month: string;
  readonly year: string;
}

export type Period = keyof Periods;

/** From the shortest to the longest. */
export const PERIODS: readonly Period[] = ['hour', 'day', 'week', 'month', 'year'];

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The periods of an instant by the clocks on the walls of a time zone. Called in activities only: the zones' rules change
 * with the versions of Node, and a replay must find what the first run found.
 * @param timeZone of the IANA database, e.g. `Europe/Berlin`
 * @throws RangeError when there is no such zone, or `iso` is no time
 */
export function periodsOf(iso: string, timeZone: string): Periods {
  const parts = Object.fromEntries(
    format(timeZone)
      .formatToParts(new Date(iso))
      .map(({ type, value }) => [type, value]),
  );
  const { year = '', month = '', day = '', hour = '' } = parts;
  const offset = (parts['timeZoneName'] ?? '').replace('GMT', '') || '+00:00';
  return {
    hour: `${year}-${month}-${day}T${hour}${offset}`,
    day: `${year}-${month}-${day}`,
    week: isoWeek(Number(year), Number(month), Number(day)),
    month: `${year}-${month}`,
    year,
  };
}

function format(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  formats.set(timeZone, made);
  return made;
}

function isoWeek(year: number, month: number, day: number): string {
  const date = new Date(Date.UTC(year, month - 1, day));
  const weekday = (date.getUTCDay() + 6) % 7;
  date.setUTCDate(date.getUTCDate() - weekday + 3);
  const thursday = date.getTime();
  const first = Date.UTC(date.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday - first) / (7 * 86_400_000)) + 1;
  return `${date.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
