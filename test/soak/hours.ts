import { berlinTime } from './berlin';

/** What the estate of the soak starts by itself, by the clocks of Berlin. */
export interface SoakSchedule {
  readonly runbook: 'backup' | 'pruneBackups' | 'verifyBackup';
  readonly minute: number;
  /** Of the day; null: every hour. */
  readonly hours: readonly number[] | null;
}

/** Twice a day: a run deletes 40 restore points at most, and a day of hourly backups at two sites leaves 46. */
export const SCHEDULES = {
  hourly: { runbook: 'backup', minute: 5, hours: null },
  prune: { runbook: 'pruneBackups', minute: 30, hours: [4, 16] },
  trial: { runbook: 'verifyBackup', minute: 45, hours: [5] },
} as const satisfies Readonly<Record<string, SoakSchedule>>;

export type ScheduleName = keyof typeof SCHEDULES;

const HOUR = 3_600_000;

export function cronOf({ minute, hours }: SoakSchedule): string {
  return `${minute} ${hours === null ? '*' : hours.join(',')} * * *`;
}

/**
 * The full hours of so many days but for the last one, whose backup is started when the others are over.
 * @param until epoch milliseconds: the backup of the last hour was due by then
 * @returns their beginnings, epoch milliseconds, ascending
 */
export function hoursBefore(until: number, days: number): readonly number[] {
  const last = Math.floor((until - SCHEDULES.hourly.minute * 60_000) / HOUR);
  const count = days * 24 - 1;
  return Array.from({ length: count }, (_, index) => (last - count + 1 + index) * HOUR);
}

/** When a schedule is due in this hour, epoch milliseconds; null: it is not. */
export function dueIn(hour: number, { minute, hours }: SoakSchedule): number | null {
  const due: readonly number[] | null = hours;
  return due === null || due.includes(berlinTime(hour).hourOfDay) ? hour + minute * 60_000 : null;
}
