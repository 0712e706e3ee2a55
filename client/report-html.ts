import { describeFacts } from '../workflows/runbook/facts';
import { groupProblems } from '../workflows/runbook/problem-lines';
import type { Report, ReportStep } from '../workflows/runbook/report';
import type { Ask } from '../workflows/runbook/state';
import type { OutsideEnd } from './outside-end';
import { byHand } from './render/by-hand';
import { fence } from './render/fence';
import { afterOutsideEnd, outsideEndLine } from './render/outside-end';
import { loss, recovery } from './render/recovery';
import { reportStyle } from './report-style';
import {
  RISK_WORDS,
  STATE_WORDS,
  clock,
  isGood,
  moment,
  passedOn,
  signedBy,
  span,
  untold,
} from './render/words';

/**
 * A report as one page that needs nothing else: no script, no network; prints on paper.
 * @param outside how the workflow was closed, where the run itself knows nothing of its end
 */
export function reportHtml(report: Report, outside?: OutsideEnd): string {
  const title = `${report.runbook} of ${report.instance}: ${standing(report, outside)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
${header(report, outside)}
${recoveryBar(report)}
${list('Data loss', loss(report))}
${list('Could not be told', untold(report.notices))}
${list('Less than it should be', report.degraded)}
${list('Fence', fence(report))}
${list('What stands', report.standing)}
${commands('To go on by hand', byHand(report.remaining))}
${list('Still to do by people', report.followUps)}
${problems(report)}
${list('What was found', findings(report))}
${timeline(report)}
${decisions(report)}
${calls(report)}
</main>
</body>
</html>
`;
}

function commands(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<section><h2>${title}</h2><pre>${lines.map(escapeHtml).join('\n')}</pre></section>`;
}

/** Text from anywhere as text of the page, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function standing({ outcome }: Report, outside: OutsideEnd | undefined): string {
  return outside?.status ?? outcome ?? 'goes on';
}

function gradeOf({ outcome }: Report, outside: OutsideEnd | undefined): string {
  if (outside !== undefined) return 'bad';
  if (outcome === null) return 'open';
  if (outcome === 'DEGRADED') return 'degraded';
  return isGood(outcome) ? 'good' : 'bad';
}

function header(report: Report, outside: OutsideEnd | undefined): string {
  const { planHash } = report;
  const conclusion =
    outside === undefined
      ? report.conclusion
      : `${outsideEndLine(outside, report)} ${afterOutsideEnd(report)}`;
  const rows: readonly (readonly [string, string | null])[] = [
    ['Run', report.workflowId],
    ['Started', `${moment(report.startedAt)} by ${report.requestedBy ?? 'nobody named'} (${report.trigger})`],
    ['Reason', report.reason],
    ['Ended', report.endedAt === null ? null : moment(report.endedAt)],
    ['Approved plan', planHash],
  ];
  return `<header>
<p class="outcome ${gradeOf(report, outside)}">${escapeHtml(standing(report, outside))}${report.dryRun ? ' (dry run)' : ''}</p>
<h1>${escapeHtml(report.runbook)} of ${escapeHtml(report.instance)}</h1>
${conclusion === null ? '' : `<p class="conclusion">${escapeHtml(conclusion)}</p>`}
<dl>${rows.map(([name, value]) => (value === null ? '' : `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`)).join('')}</dl>
</header>`;
}

/** One bar for the recovery time, split by what it was spent on; the figures stand below for print and readers. */
function recoveryBar(report: Report): string {
  const { total, parts } = recovery(report);
  const sum = parts.reduce((seconds, part) => seconds + part.seconds, 0);
  const bars = parts
    .filter((part) => part.seconds > 0)
    .map((part) => `<i class="${part.name}" style="flex-grow:${(part.seconds / sum).toFixed(4)}"></i>`);
  const legend = parts.map(
    (part) => `<li><b class="${part.name}"></b>${part.word} <strong>${span(part.seconds)}</strong></li>`,
  );
  return `<section class="recovery">
<h2>Recovery time: ${span(total)}</h2>
<div class="bar" aria-hidden="true">${bars.join('')}</div>
<ul class="legend">${legend.join('')}</ul>
</section>`;
}

/** What is to be done about several problems of the same kind is said once. */
function problems({ problems: all, asks }: Report): string {
  if (all.length === 0) return '';
  const groups = groupProblems(all).map((group) => {
    const [first] = group;
    const items = group.map(({ message }) => `<li>${escapeHtml(message)}</li>`).join('');
    return `<article><h3>${escapeHtml(first?.code ?? '')}</h3><ul>${items}</ul>
<p><em>${escapeHtml(first?.remedy ?? '')}</em> ${escapeHtml(acceptance(first?.consent, asks))}</p></article>`;
  });
  return `<section><h2>Problems</h2>${groups.join('\n')}</section>`;
}

function acceptance(consent: string | undefined, asks: readonly Ask[]): string {
  if (consent === undefined) return '';
  const people = asks
    .filter((ask) => ask.id === consent && ask.result === 'approve')
    .flatMap((ask) => ask.decisions.map(({ actor }) => actor));
  return people.length === 0 ? `Passes with consent ${consent}.` : `Accepted by ${people.join(', ')}.`;
}

function findings(report: Report): readonly string[] {
  return report.facts.map(({ label, value }) => `${label}: ${value}`);
}

function timeline(report: Report): string {
  if (report.steps.length === 0) return '';
  const begin = Date.parse(report.startedAt);
  const end = report.endedAt === null ? latest(report.steps, begin) : Date.parse(report.endedAt);
  const rows = report.steps.map((step) => timelineRow(step, begin, Math.max(1, end - begin)));
  return `<section><h2>Steps</h2>
<table class="steps"><thead><tr><th>Start</th><th>Step</th><th>State</th><th>Took</th><th class="lane">When</th><th>What was seen</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></section>`;
}

function timelineRow(step: ReportStep, begin: number, length: number): string {
  const { startedAt, seconds, error } = step;
  const from = startedAt === null ? 0 : ((Date.parse(startedAt) - begin) / length) * 100;
  const width = seconds === null ? 0 : ((seconds * 1000) / length) * 100;
  const mark =
    startedAt === null
      ? ''
      : `<i class="${step.state}" style="left:${clamp(from).toFixed(2)}%;width:${Math.min(clamp(width), 100 - clamp(from)).toFixed(2)}%"></i>`;
  const risk =
    step.risk === 'pointOfNoReturn'
      ? ` <span class="risk">${RISK_WORDS[step.risk].toLowerCase()}</span>`
      : '';
  const seen =
    error === null
      ? escapeHtml(describeFacts(step.proof))
      : `<span class="error">${escapeHtml(error)}</span>`;
  return `<tr class="${step.state}"><td>${startedAt === null ? '' : clock(startedAt)}</td><td>${escapeHtml(step.title)}${risk}<small>${escapeHtml(step.id)}</small></td><td>${STATE_WORDS[step.state]}${step.tries > 1 ? ` (${step.tries} tries)` : ''}</td><td>${seconds === null ? '' : span(seconds)}</td><td class="lane"><div>${mark}</div></td><td>${seen}</td></tr>`;
}

/** Evidence that the page shows already is only referred to. */
function decisions(report: Report): string {
  const { asks } = report;
  if (asks.length === 0) return '';
  const shown = new Set([
    ...findings(report),
    ...report.problems.map(({ message, remedy }) => `${message} ${remedy}`),
  ]);
  const items = asks.map((ask) => {
    const other = ask.evidence.filter((line) => !shown.has(line));
    const evidence = other.map((line) => `<li>${escapeHtml(line)}</li>`).join('');
    const grounds = [
      ...(other.length < ask.evidence.length ? ['what is listed above'] : []),
      ...(other.length > 0 ? ['this'] : []),
    ].join(', and on ');
    const given = [
      ...passedOn(ask).map((line) => `<li>${escapeHtml(line)}</li>`),
      ...ask.decisions.map((decision) => {
        const { at, actor, verdict, note } = decision;
        const who = `<strong>${escapeHtml(actor)}</strong>${escapeHtml(signedBy(decision))}`;
        return `<li>${who}: ${verdict} at ${moment(at)}${note === null ? '' : ` (${escapeHtml(note)})`}</li>`;
      }),
    ].join('');
    return `<article><h3>${escapeHtml(ask.title)}</h3>
<p>Asked at ${moment(ask.openedAt)} of ${ask.needed} ${escapeHtml(ask.roles.join(' or ') || 'anybody listed')}; ${ask.result === null ? 'still open' : `closed: ${ask.result}`}${ask.planHash === null ? '' : `; plan ${escapeHtml(ask.planHash)}`}</p>
${grounds === '' ? '' : `<p>On ${grounds}${evidence === '' ? '.</p>' : `:</p><ul>${evidence}</ul>`}`}${given === '' ? '' : `<ul>${given}</ul>`}</article>`;
  });
  return `<section><h2>What people were asked</h2>${items.join('\n')}</section>`;
}

function calls({ calls: { total, mutating, byRegion } }: Report): string {
  const rows = Object.entries(byRegion).map(
    ([region, number]) => `<tr><td>${escapeHtml(region)}</td><td>${number}</td></tr>`,
  );
  return `<section><h2>Calls made</h2><p>${total} calls, ${mutating} of them changing something.</p>
${rows.length === 0 ? '' : `<table class="narrow"><thead><tr><th>Where</th><th>Calls</th></tr></thead><tbody>${rows.join('')}</tbody></table>`}</section>`;
}

function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<section><h2>${title}</h2><ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul></section>`;
}

function latest(steps: readonly ReportStep[], begin: number): number {
  return Math.max(begin, ...steps.map((step) => Date.parse(step.endedAt ?? step.startedAt ?? '') || begin));
}

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}
