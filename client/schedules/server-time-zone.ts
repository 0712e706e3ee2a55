const EVERY_HOUR = /^\S+ \* \* \* \*$/;
const MINUTE_OF_OFFSET = /:(\d\d)$/;

/**
 * By whose clocks the server is to read the cron of a schedule. What is due every hour is due at the same instants by the
 * clocks of Greenwich, as long as the zone is whole hours away from them; and only so in the hour that a clock change
 * repeats, for which Temporal starts once by local clocks (server 1.29: `5 * * * *` in Europe/Berlin leaves out
 * 2026-10-25T01:05Z).
 */
export function serverTimeZone(cron: string, timeZone: string, now = new Date()): string {
  return EVERY_HOUR.test(cron) && isWholeHours(timeZone, now) ? 'UTC' : timeZone;
}

/** In winter and in summer, of this year: Lord Howe Island goes half an hour ahead. */
function isWholeHours(timeZone: string, now: Date): boolean {
  const year = now.getUTCFullYear();
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return [0, 6].every((month) => {
    const name = format
      .formatToParts(Date.UTC(year, month, 1))
      .find(({ type }) => type === 'timeZoneName')?.value;
    return (MINUTE_OF_OFFSET.exec(name ?? '')?.[1] ?? '00') === '00';
  });
}
