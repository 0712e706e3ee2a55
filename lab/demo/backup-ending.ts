import type { Colors } from '../../client/terminal';
import type { Report } from '../../workflows/runbook/report';
import type { BackupDemoReport } from './backup';
import { ended, followUpRows, invariantRows, recoveryRow, renderRows } from './ending-rows';
import type { Row } from './ending-rows';

/** The last page of the demo: what each run came to, and what users found afterwards. */
export function renderBackup(report: BackupDemoReport, colors: Colors, files: readonly string[]): string {
  const { backup, restore, verification, pushes, traffic, invariants } = report;
  const { beforeBackup, afterBackup } = pushes;
  const kept = beforeBackup.lost === 0 ? colors.green('none lost') : colors.red(`${beforeBackup.lost} lost`);
  const rows: readonly Row[] = [
    ['backup', ended(backup, colors)],
    ['', skewOf(backup)],
    ['loss', `${report.erasedRepositories} repositories deleted from the shared home`],
    ['restore', ended(restore, colors)],
    recoveryRow(restore),
    ['pushes', `${beforeBackup.acknowledged} acknowledged before the backup, ${kept}`],
    ['', `${afterBackup.acknowledged} after it, ${afterBackup.lost} of them lost`],
    ['seen by users', `down for ${traffic.downtimeSeconds.toFixed(1)} s`],
    ['verification', ended(verification, colors)],
    ...invariantRows(invariants, colors),
    ...followUpRows(restore),
    ['report', files.join(', ')],
  ];
  return renderRows(rows, colors);
}

function skewOf({ backup }: Report): string {
  const { name, consistency, skewSeconds } = (backup ?? {}) as Readonly<Record<string, unknown>>;
  return `${String(name)}, ${String(consistency)}, home and database ${String(skewSeconds)} s apart`;
}
