import { describeFacts } from '../../workflows/runbook/facts';
import type { Report } from '../../workflows/runbook/report';
import type { OutsideEnd } from '../outside-end';
import type { Colors } from '../terminal';
import { byHand } from './by-hand';
import { fence } from './fence';
import { renderFleetProgress } from './fleet-progress';
import { afterOutsideEnd, outsideEndLine } from './outside-end';
import { renderProblems } from './plan';
import { recovery, loss } from './recovery';
import { table } from './table';
import { clock, moment, paintOutcome, paintState, passedOn, signedBy, span, untold } from './words';

/**
 * A report for the terminal; the page for everybody else is `reportHtml`.
 * @param outside how the workflow was closed, where the run itself knows nothing of its end
 */
export function renderReport(report: Report, colors: Colors, outside?: OutsideEnd): string {
  const { bold, dim } = colors;
  const { total, parts } = recovery(report);
  const bullets = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : [bold(title), ...lines.map((line) => `  - ${line}`)].join('\n');
  const block = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : [bold(title), ...lines.map((line) => `  ${line}`)].join('\n');
  return [
    [
      `${bold(`${report.runbook} of ${report.instance}`)}${report.dryRun ? ' (dry run)' : ''}  ` +
        standing(report, colors, outside),
      dim(report.workflowId),
      ...(report.conclusion === null ? [] : [report.conclusion]),
      ...(outside === undefined
        ? []
        : [colors.red(outsideEndLine(outside, report)), afterOutsideEnd(report)]),
      `started ${moment(report.startedAt)} by ${report.requestedBy ?? report.trigger}` +
        (report.reason === null ? '' : `: ${report.reason}`) +
        (report.endedAt === null ? '' : `; ended ${moment(report.endedAt)}`),
    ].join('\n'),
    `${bold('Recovery time')} ${span(total)}  ${dim(parts.map(({ word, seconds }) => `${word} ${span(seconds)}`).join(', '))}`,
    bullets('Data loss', loss(report)),
    report.problems.length === 0 ? '' : renderProblems(report.problems, colors),
    bullets(
      'Found',
      report.facts.map(({ label, value }) => `${label}: ${value}`),
    ),
    renderFleetProgress(report.fleet, colors),
    report.steps.length === 0
      ? ''
      : table(
          ['started', 'step', 'state', 'took', 'seen'],
          report.steps.map((step) => [
            step.startedAt === null ? '' : clock(step.startedAt),
            step.title,
            paintState(step.state, colors),
            step.seconds === null ? '' : span(step.seconds),
            step.error === null ? dim(describeFacts(step.proof)) : colors.red(step.error),
          ]),
          { dim, widths: [11, 46, 18, 14, 60] },
        ),
    bullets(
      'Decisions',
      report.asks.flatMap((ask) => [
        ...ask.decisions.map(
          (decision) =>
            `${clock(decision.at)} ${decision.actor}${signedBy(decision)}: ${decision.verdict} of "${ask.title}"${decision.note === null ? '' : ` (${decision.note})`}`,
        ),
        ...passedOn(ask).map((line) => `"${ask.title}": ${line}`),
        ...(ask.result === 'policy' || ask.result === 'timeout' ? [`"${ask.title}": ${ask.result}`] : []),
      ]),
    ),
    bullets('Could not be told', untold(report.notices)),
    bullets('Less than it should be', report.degraded),
    bullets('Fence', fence(report)),
    bullets('What stands', report.standing),
    block('To go on by hand', byHand(report.remaining)),
    bullets('Still to do', report.followUps),
    dim(`calls: ${report.calls.total}, of which changing ${report.calls.mutating}`),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function standing({ outcome }: Report, colors: Colors, outside: OutsideEnd | undefined): string {
  if (outside !== undefined) return colors.bold(colors.red(outside.status));
  return outcome === null ? colors.cyan('goes on') : paintOutcome(outcome, colors);
}
