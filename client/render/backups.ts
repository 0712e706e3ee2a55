import type { BackupsReport } from '../../workflows/list-backups';
import { ageSeconds, freshnessOf } from '../../workflows/plan/backup/freshness';
import type { NewestBackup } from '../../workflows/plan/backup/freshness';
import { placeName } from '../../workflows/plan/backup/restore-point';
import type { RestorePoint } from '../../workflows/plan/backup/restore-point';
import type { Decision } from '../../workflows/plan/backup/retention';
import type { Colors } from '../terminal';
import { hours } from './backup-ages';
import { table } from './table';
import { moment } from './words';

/** Every restore point in one line, the newest first, and what the policy makes of it. */
export function renderBackups(report: BackupsReport, colors: Colors): string {
  const { decisions, asOf } = report;
  const lines = newestFirst(decisions).map((decision) => {
    const { point } = decision;
    return [
      point.backup,
      age(point.capturedAt, asOf),
      point.place.site ?? point.place.region,
      paintPoint(point, colors),
      verified(point, colors),
      point.sizeGiB === null ? '' : `${point.sizeGiB} GiB`,
      because(decision, colors),
    ];
  });
  const head = ['backup', 'age', 'place', 'state', 'verified', 'size', 'kept because'];
  return [
    newestLine(report),
    lines.length === 0 ? 'no backups' : table(head, lines, { dim: colors.dim }),
    renderRest(report, colors),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** How old the newest good ones are: what somebody asks first. */
function newestLine({ decisions, asOf }: BackupsReport): string {
  const { complete, verified } = freshnessOf(
    decisions.map(({ point }) => point),
    asOf,
  );
  const said = (newest: NewestBackup | null): string =>
    newest === null ? 'none' : `${hours(ageSeconds(newest, asOf))} old (${newest.backup})`;
  return `newest complete: ${said(complete)}; newest verified: ${said(verified)}`;
}

/** One backup in every place where it is, with all there is to say. */
export function renderBackup(decisions: readonly Decision[], colors: Colors): string {
  const { bold, dim } = colors;
  return decisions
    .map(({ point, action, reasons }) => {
      const { capturedAt, periods, members, verification, mode, consistency, search } = point;
      const lines = [
        `captured ${capturedAt === '' ? 'nobody knows when' : moment(capturedAt)}  ${dim(Object.values(periods).join(', '))}`,
        ...(mode === null
          ? []
          : [`taken ${mode}, ${consistency === 'frozen' ? 'frozen' : 'only crash-consistent'}`]),
        verification === null
          ? 'never verified by a restore'
          : `verification ${verification.result} ${moment(verification.at)}`,
        ...point.detail.map((line) => colors.yellow(line)),
        ...[...point.locks, ...point.uses].map((line) => colors.cyan(line)),
        ...members.map(({ kind, name, id, status }) => `${kind} ${name}: ${id} ${dim(status)}`),
        ...(search === undefined
          ? []
          : [`search index: ${search.name} ${dim(`in the repository ${search.repository}`)}`]),
        ...reasons.map((reason) => `${paintAction(action, colors)}: ${reason}`),
      ];
      const title = `${bold(point.backup)} at ${placeName(point.place)}  ${paintPoint(point, colors)}`;
      return [title, ...lines.map((line) => `  ${line}`)].join('\n');
    })
    .join('\n\n');
}

/** What the next prune would do with each, with every reason. */
export function renderDecisions(report: BackupsReport, colors: Colors): string {
  const rows = newestFirst(report.decisions).map(({ point, action, reasons }) => [
    paintAction(action, colors),
    point.backup,
    point.place.site ?? point.place.region,
    age(point.capturedAt, report.asOf),
    reasons.join('\n'),
  ]);
  return rows.length === 0 ? 'no backups' : table(['', 'backup', 'place', 'age', 'because'], rows, colors);
}

function renderRest({ ignored, unseen, silent }: BackupsReport, { dim, red, yellow }: Colors): string {
  return [
    ...silent.map((what) => red(`not seen: ${what}`)),
    ...unseen.map((place) => yellow(`not looked at: ${place}`)),
    ...ignored.map((line) => dim(`no part of a backup: ${line}`)),
  ].join('\n');
}

function newestFirst(decisions: readonly Decision[]): readonly Decision[] {
  const key = ({ point }: Decision): string => `${point.capturedAt} ${point.backup}`;
  return [...decisions].sort((one, other) => key(other).localeCompare(key(one)));
}

function paintPoint({ state, locks, uses, search }: RestorePoint, colors: Colors): string {
  const marks = [
    ...(search === undefined ? [] : ['with search']),
    ...(locks.length > 0 ? ['locked'] : []),
    ...(uses.length > 0 ? ['in use'] : []),
  ];
  const paint = {
    complete: colors.green,
    pending: colors.cyan,
    deleting: colors.magenta,
    incomplete: colors.red,
    broken: colors.red,
    orphan: colors.yellow,
    unclear: colors.yellow,
  }[state];
  return [paint(state), ...marks.map((mark) => colors.cyan(mark))].join(', ');
}

function verified({ verification }: RestorePoint, colors: Colors): string {
  if (verification === null) return colors.dim('no');
  const day = verification.at.slice(0, 10);
  return verification.result === 'passed' ? colors.green(`✔ ${day}`) : colors.red(`✘ ${day}`);
}

function because({ action, reasons, point }: Decision, colors: Colors): string {
  if (action === 'delete') return colors.red('not kept: the next prune deletes it');
  if (action === 'remove') return colors.yellow('belongs to no backup');
  const periods = reasons.flatMap((reason) => /^newest of (\w+) \S+$/.exec(reason)?.[1] ?? []);
  const others = reasons.filter((reason) => !/^newest of \w+ \S+$/.test(reason));
  const shown = point.state === 'complete' ? others.map(shorten) : others;
  return [...(periods.length === 0 ? [] : [`newest of its ${periods.join(', ')}`]), ...new Set(shown)].join(
    '; ',
  );
}

/** Snapshot ids and times are in `backups show`. */
function shorten(reason: string): string {
  if (/ is locked /.test(reason)) return 'locked';
  return reason.startsWith('last complete one') ? 'last complete' : reason;
}

function paintAction(action: Decision['action'], colors: Colors): string {
  if (action === 'keep') return colors.green('keep');
  return colors.red(action);
}

/** Whole days, hours or minutes. */
function age(capturedAt: string, asOf: string): string {
  const minutes = Math.round((Date.parse(asOf) - Date.parse(capturedAt)) / 60_000);
  if (Number.isNaN(minutes)) return '?';
  if (minutes < 0) return 'in the future';
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}
