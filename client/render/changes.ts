import { describeFacts } from '../../workflows/runbook/facts';
import { answerCommand } from '../../workflows/runbook/details-ask';
import { describeFleet } from '../../workflows/runbook/fleet-rules';
import { openAsks } from '../../workflows/runbook/state';
import type { RunState } from '../../workflows/runbook/state';
import { STATE_WORDS, clock } from './words';

/** What is new between two looks at a run, one plain line each; for logs and pipes. */
export function changes(before: RunState | undefined, after: RunState, at: string): readonly string[] {
  const stamp = clock(at);
  const lines: string[] = [];
  const say = (text: string): void => void lines.push(`${stamp} ${text}`);
  if (before?.phase !== after.phase) say(`phase ${after.phase}`);
  for (const step of after.steps) {
    const former = before?.steps.find((other) => other.id === step.id);
    if (former?.state === step.state && former.error === step.error && former.tries === step.tries) continue;
    if (former === undefined && step.state === 'planned') continue;
    const seen = step.error ?? (step.state === 'done' ? describeFacts(step.proof) : '');
    say(`step ${step.id} ${STATE_WORDS[step.state]}${seen === '' ? '' : `: ${seen}`}`);
  }
  const progress = after.fleet === undefined ? '' : describeFleet(after.fleet);
  if (progress !== '' && (before?.fleet === undefined || describeFleet(before.fleet) !== progress))
    say(progress);
  const known = new Set(before?.asks.map((ask) => ask.id));
  for (const ask of openAsks(after).filter(({ id }) => !known.has(id))) {
    say(`asks ${ask.id}: ${ask.title} (needs ${ask.needed} of ${ask.roles.join(', ') || 'anybody listed'})`);
    for (const line of ask.evidence) say(`  ${line}`);
    for (const verdict of ask.verdicts) say(`  ${answerCommand(after.workflowId, ask, verdict)}`);
  }
  for (const ask of after.asks) {
    const former = before?.asks.find((other) => other.id === ask.id);
    for (const one of ask.decisions.slice(former?.decisions.length ?? 0)) {
      say(`${one.actor} says ${one.verdict} to ${ask.id}${one.note === null ? '' : `: ${one.note}`}`);
    }
    if (ask.result !== null && (former?.result ?? null) === null) say(`ask ${ask.id} closed: ${ask.result}`);
  }
  for (const one of after.refusals.slice(before?.refusals.length ?? 0)) {
    say(`not accepted: ${one.actor} on ${one.ask}: ${one.why}`);
  }
  if ((before?.held ?? null) === null && after.held !== null) {
    say(`held by ${after.held.actor}; go on with: runbooks resume ${after.workflowId}`);
  }
  if ((before?.held ?? null) !== null && after.held === null) say('resumed');
  if (after.outcome !== null && before?.outcome !== after.outcome) {
    say(`outcome ${after.outcome}${after.conclusion === null ? '' : `: ${after.conclusion}`}`);
  }
  return lines;
}
