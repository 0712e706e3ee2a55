import { loss } from '../../client/render/recovery';
import type { Colors } from '../../client/terminal';
import { ended, followUpRows, invariantRows, recoveryRow, renderRows } from './ending-rows';
import type { Row } from './ending-rows';
import type { FailoverDemoReport } from './failover';

/** The last page of the demo: what it cost, seen from inside and from outside. */
export function renderFailover(report: FailoverDemoReport, colors: Colors, files: readonly string[]): string {
  const { traffic, invariants, calls } = report;
  const regions = Object.entries(calls.byRegion).map(([region, count]) => `${region} ${count}`);
  const rows: readonly Row[] = [
    ['outcome', ended(report, colors)],
    recoveryRow(report),
    ...loss(report).map((line, index) => [index === 0 ? 'data loss' : '', line] as const),
    [
      'seen by users',
      `${traffic.acknowledged} pushes acknowledged, ${traffic.lost} of them lost${lostList(report)}; down for ${traffic.downtimeSeconds.toFixed(1)} s`,
    ],
    ['calls', `${calls.total}, ${calls.mutating} of them changing something (${regions.join(', ')})`],
    ...invariantRows(invariants, colors),
    ...followUpRows(report),
    ['report', files.join(', ')],
  ];
  return renderRows(rows, colors);
}

function lostList({ traffic }: FailoverDemoReport): string {
  if (traffic.lostPushes.length === 0) return '';
  return ` (${traffic.lostPushes.map(({ repository, count }) => `${repository} ${count}`).join(', ')})`;
}
