import { stringify } from 'yaml';
import { formatDuration } from '../../estate/duration';
import { STEP_NAMES } from '../../estate/step-names';
import type { Report, ReportStep } from '../../workflows/runbook/report';

/** Shorter ones need no pace: the first look finds the effect. */
const LEAST_SECONDS = 2;
const NAMES: ReadonlySet<string> = new Set(STEP_NAMES);

/**
 * How long each kind of step took in a run, as the estate's policy wants it under `expected`: what the pace of the waits
 * and a plan's total go by. Of several steps of a kind the median. Left out is a step whose time says nothing: it was
 * tried again (people were asked meanwhile), it did not come to its end, or it took no time; and one that is shown under
 * another name than its own, which the policy does not know.
 */
export function expectedFrom({ steps }: Pick<Report, 'steps'>): Readonly<Record<string, number>> {
  const byKind = new Map<string, number[]>();
  for (const step of steps.filter(tells)) {
    const kind = step.id.split('.')[0] ?? step.id;
    if (!NAMES.has(kind)) continue;
    byKind.set(kind, [...(byKind.get(kind) ?? []), step.seconds ?? 0]);
  }
  return Object.fromEntries([...byKind].map(([kind, seconds]) => [kind, Math.round(median(seconds))]));
}

/** The same as a piece of an estate file, with where it comes from. */
export function renderExpected(report: Report): string {
  const expected = Object.entries(expectedFrom(report)).map(([kind, seconds]) => [
    kind,
    formatDuration(seconds),
  ]);
  const from = `# measured by ${report.workflowId}, started ${report.startedAt}`;
  if (expected.length === 0) return `${from}: no step of it tells how long it takes here\n`;
  return `${from}\n${stringify({ policy: { expected: Object.fromEntries(expected) as Record<string, string> } })}`;
}

function tells({ state, seconds, tries }: ReportStep): boolean {
  return state === 'done' && tries === 1 && seconds !== null && seconds >= LEAST_SECONDS;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
