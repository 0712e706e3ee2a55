import type { BackupAge } from '../judge-backups';
import type { Colors } from '../terminal';
import { table } from './table';

/** One line for each instance, and below what did not answer. */
export function renderAges(ages: readonly BackupAge[], colors: Colors): string {
  const rows = ages.map(({ instance, good, complete, verified }) => [
    good ? colors.green('✔') : colors.red('✘'),
    instance,
    judged(complete, colors),
    judged(verified, colors),
    complete.backup ?? '',
  ]);
  const silent = ages.flatMap(({ instance, silent: whats }) =>
    whats.map((what) => colors.red(`${instance}, not seen: ${what}`)),
  );
  return [
    table(['', 'instance', 'newest complete', 'newest verified', 'backup'], rows, { dim: colors.dim }),
    ...silent,
  ].join('\n');
}

function judged({ ageSeconds, verdict }: BackupAge['complete'], colors: Colors): string {
  const age = ageSeconds === null ? 'none seen' : hours(ageSeconds);
  if (verdict === null) return ageSeconds === null ? 'none' : age;
  return verdict === 'fresh' ? colors.green(age) : colors.red(`${age}: ${verdict}`);
}

/** `12 min`, `5.5 h`, `3.2 d`. */
export function hours(seconds: number): string {
  if (seconds < 3600) return `${Math.max(0, Math.round(seconds / 60))} min`;
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}
