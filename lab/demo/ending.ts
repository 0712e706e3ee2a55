import { loss, recovery } from '../../client/render/recovery';
import { paintOutcome } from '../../client/render/words';
import type { Colors } from '../../client/terminal';
import type { FailoverDemoReport } from './failover';

/** The last page of the demo: what it cost, seen from inside and from outside. */
export function renderFailover(report: FailoverDemoReport, colors: Colors, files: readonly string[]): string {
  const { traffic, invariants, calls, rto } = report;
  const regions = Object.entries(calls.byRegion).map(([region, count]) => `${region} ${count}`);
  const rows: readonly (readonly [string, string])[] = [
    [
      'outcome',
      `${report.outcome === null ? 'still running' : paintOutcome(report.outcome, colors)}: ${report.conclusion ?? ''}`,
    ],
    [
      'recovery time',
      `${rto.totalSeconds} s = ${recovery(report)
        .parts.map(({ word, seconds }) => `${word} ${seconds} s`)
        .join(' + ')}`,
    ],
    ...loss(report).map((line, index) => [index === 0 ? 'data loss' : '', line] as const),
    [
      'seen by users',
      `${traffic.acknowledged} pushes acknowledged, ${traffic.lost} of them lost${lostList(report)}; down for ${traffic.downtimeSeconds.toFixed(1)} s`,
    ],
    ['calls', `${calls.total}, ${calls.mutating} of them changing something (${regions.join(', ')})`],
    [
      'invariants',
      invariants.violations.length === 0
        ? `${invariants.checked} checked, none broken`
        : colors.red(`${invariants.violations.length} broken`),
    ],
    ...invariants.violations.map((violation) => ['', colors.red(violation)] as const),
    ['still to do', report.followUps[0] ?? 'nothing'],
    ...report.followUps.slice(1).map((line) => ['', line] as const),
    ['report', files.join(', ')],
  ];
  return `\n${rows.map(([label, value]) => `${colors.bold(label.padEnd(14))}${value}`).join('\n')}\n`;
}

function lostList({ traffic }: FailoverDemoReport): string {
  if (traffic.lostPushes.length === 0) return '';
  return ` (${traffic.lostPushes.map(({ repository, count }) => `${repository} ${count}`).join(', ')})`;
}
