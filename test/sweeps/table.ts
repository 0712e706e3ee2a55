import { table } from '../../client/render/table';
import type { Colors } from '../../client/terminal';
import { KINDS } from './results';
import type { CaseResult, Kind, SweepResult } from './results';

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
    groups(result.kinds[kind]?.failures ?? []).map(explain(kind, colors)),
  );
  const { longestResumeSeconds: longest, longestExposedSeconds: exposed } = result;
  return [
    `\n${result.runbook}\n${table(head, rows, { dim: colors.dim })}\n`,
    ...(longest === null ? [] : [`Longest time from a dead worker to progress by another: ${longest} s\n`]),
    ...(exposed === null
      ? []
      : [`Longest time in which a site that came back unfenced wrote beside its successor: ${exposed} s\n`]),
    ...failures,
  ].join('\n');
}

/** Cases of one run share their reasons, which are told once. */
function groups(failures: readonly CaseResult[]): readonly (readonly CaseResult[])[] {
  const found = new Map<string, CaseResult[]>();
  for (const one of failures) {
    const reasons = JSON.stringify([one.duplicates, one.violations]);
    found.set(reasons, [...(found.get(reasons) ?? []), one]);
  }
  return [...found.values()];
}

function explain(kind: Kind, colors: Colors): (group: readonly CaseResult[]) => string {
  return (group) => {
    const again = ({ seed }: CaseResult): string => (seed === undefined ? '' : `, again with --seed ${seed}`);
    const [first] = group;
    return [
      ...group.map((one) => `${colors.red(`${kind}: ${one.name}`)}${again(one)}`),
      ...[...(first?.duplicates ?? []), ...(first?.violations ?? [])].map((line) => `    ${line}`),
      '',
    ].join('\n');
  };
}
