import { recovery } from '../../client/render/recovery';
import { paintOutcome } from '../../client/render/words';
import type { Colors } from '../../client/terminal';
import type { Report } from '../../workflows/runbook/report';
import type { StageReport } from './stage';

/** A line of a demo's last page: label, and what it says. */
export type Row = readonly [label: string, text: string];

export function renderRows(rows: readonly Row[], colors: Colors): string {
  return `\n${rows.map(([label, text]) => `${colors.bold(label.padEnd(14))}${text}`).join('\n')}\n`;
}

export function ended({ outcome, conclusion }: Report, colors: Colors): string {
  return `${outcome === null ? 'still running' : paintOutcome(outcome, colors)}: ${conclusion ?? ''}`;
}

export function recoveryRow(report: Report): Row {
  const { parts } = recovery(report);
  const spent = parts.map(({ word, seconds }) => `${word} ${seconds} s`).join(' + ');
  return ['recovery time', `${report.rto.totalSeconds} s = ${spent}`];
}

export function invariantRows(
  { checked, violations }: StageReport['invariants'],
  colors: Colors,
): readonly Row[] {
  return [
    [
      'invariants',
      violations.length === 0 ? `${checked} checked, none broken` : colors.red(`${violations.length} broken`),
    ],
    ...violations.map((violation) => ['', colors.red(violation)] as const),
  ];
}

export function followUpRows({ followUps }: Report): readonly Row[] {
  return [
    ['still to do', followUps[0] ?? 'nothing'],
    ...followUps.slice(1).map((line) => ['', line] as const),
  ];
}
