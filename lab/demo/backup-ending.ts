import { recovery } from '../../client/render/recovery';
import { paintOutcome } from '../../client/render/words';
import type { Colors } from '../../client/terminal';
import type { Report } from '../../workflows/runbook/report';
import type { BackupDemoReport } from './backup';

/** The last page of the demo: what each run came to, and what users found afterwards. */
export function renderBackup(report: BackupDemoReport, colors: Colors, files: readonly string[]): string {
  const { backup, restore, verification, pushes, traffic, invariants } = report;
  const { beforeBackup, afterBackup } = pushes;
  const kept = beforeBackup.lost === 0 ? colors.green('none lost') : colors.red(`${beforeBackup.lost} lost`);
  const rows: readonly (readonly [string, string])[] = [
    ['backup', ended(backup, colors)],
    ['', skewOf(backup)],
    ['loss', `${report.erasedRepositories} repositories deleted from the shared home`],
    ['restore', ended(restore, colors)],
    [
      'recovery time',
      `${restore.rto.totalSeconds} s = ${recovery(restore)
        .parts.map(({ word, seconds }) => `${word} ${seconds} s`)
        .join(' + ')}`,
    ],
    ['pushes', `${beforeBackup.acknowledged} acknowledged before the backup, ${kept}`],
    ['', `${afterBackup.acknowledged} after it, ${afterBackup.lost} of them lost`],
    ['seen by users', `down for ${traffic.downtimeSeconds.toFixed(1)} s`],
    ['verification', ended(verification, colors)],
    [
      'invariants',
      invariants.violations.length === 0
        ? `${invariants.checked} checked, none broken`
        : colors.red(`${invariants.violations.length} broken`),
    ],
    ...invariants.violations.map((violation) => ['', colors.red(violation)] as const),
    ['still to do', restore.followUps[0] ?? 'nothing'],
    ...restore.followUps.slice(1).map((line) => ['', line] as const),
    ['report', files.join(', ')],
  ];
  return `\n${rows.map(([label, value]) => `${colors.bold(label.padEnd(14))}${value}`).join('\n')}\n`;
}

function ended({ outcome, conclusion }: Report, colors: Colors): string {
  const words = outcome === null ? 'still running' : paintOutcome(outcome, colors);
  return `${words}: ${conclusion ?? ''}`;
}

function skewOf({ backup }: Report): string {
  const { name, consistency, skewSeconds } = (backup ?? {}) as Readonly<Record<string, unknown>>;
  return `${String(name)}, ${String(consistency)}, home and database ${String(skewSeconds)} s apart`;
}
