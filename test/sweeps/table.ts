import { table } from '../../client/render/table';
import type { Colors } from '../../client/terminal';
import { KINDS } from './results';
import type { SweepResult } from './results';

/** What a sweep found, for people: one line for each kind, and every case that failed with its reasons. */
export function renderSweep(result: SweepResult, colors: Colors): string {
  const rows = KINDS.flatMap((kind) => {
    const found = result.kinds[kind];
    if (found === undefined) return [];
    const { cases, passed, duplicates, violations, runs, seconds } = found;
    const good = passed === cases;
    const mark = good ? colors.green('passed') : colors.red('failed');
    return [[kind, ...[cases, passed, duplicates, violations, runs].map(String), `${seconds} s`, mark]];
  });
  const head = ['kind', 'cases', 'passed', 'duplicates', 'violations', 'runs', 'took', ''];
  const failures = KINDS.flatMap((kind) =>
    (result.kinds[kind]?.failures ?? []).map(
      ({ name, duplicates, violations, seed }) =>
        `${colors.red(`${kind}: ${name}`)}${seed === undefined ? '' : `, again with --seed ${seed}`}\n` +
        [...duplicates, ...violations].map((line) => `    ${line}\n`).join(''),
    ),
  );
  const longest = result.longestResumeSeconds;
  return [
    `\n${result.runbook}\n${table(head, rows, { dim: colors.dim })}\n`,
    ...(longest === null ? [] : [`Longest time from a dead worker to progress by another: ${longest} s\n`]),
    ...failures,
  ].join('\n');
}
