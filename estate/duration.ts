import { z } from 'zod';
import { definitionOf } from './definition';

const SECONDS_IN = { d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 } as const;
const WORDED = /^(\d+(?:\.\d+)?)\s?(ms|s|m|h|d)$/;

const written = z.union([z.string(), z.number()], {
  error: 'write a duration such as 250ms, 5s, 30m or 2h',
});

/** `250ms`, `5s`, `30m`, `2h`, `1d`, or a number of seconds; in seconds once read. */
export const duration = written.transform((given, context) => {
  const seconds = parseDuration(given);
  if (seconds !== undefined) return seconds;
  context.issues.push({
    code: 'custom',
    message: `"${given}" is no duration: write 250ms, 5s, 30m, 2h, 1d, or a number of seconds`,
    input: given,
  });
  return z.NEVER;
});

/** Whether a schema is `duration`, however it is refined or described. */
export function isDuration(schema: z.core.$ZodType): boolean {
  return definitionOf(schema).in === written;
}

/** Seconds, or undefined when the text is no duration. Never negative. */
export function parseDuration(given: string | number): number | undefined {
  if (typeof given === 'number') return Number.isFinite(given) && given >= 0 ? given : undefined;
  const parts = WORDED.exec(given.trim());
  if (parts === null) return undefined;
  const [, amount, unit] = parts;
  const seconds = Number(amount) * SECONDS_IN[unit as keyof typeof SECONDS_IN];
  // To the microsecond: 0.1 s written as 100ms must be 0.1.
  return Math.round(seconds * 1e6) / 1e6;
}

/** Seconds as the shortest exact text in one unit: `90s`, `30m`, `2h`, `250ms`. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return '0s';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (Number.isInteger(seconds / SECONDS_IN[unit])) return `${seconds / SECONDS_IN[unit]}${unit}`;
  }
  return `${Math.round(seconds * 1e6) / 1e3}ms`;
}
