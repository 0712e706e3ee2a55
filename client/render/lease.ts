import type { LeaseState } from '../../workflows/runbook/lease';
import type { Colors } from '../terminal';
import { table } from './table';
import { moment } from './words';

/** Who holds an instance, who waits, why automatic starts are blocked, and what happened; for a terminal. */
export function renderLease(state: LeaseState, colors: Colors): string {
  const { holder, waiting, preemptedBy, blockedUntil, blockedBy, events } = state;
  const { bold, dim, green, yellow } = colors;
  const lines = [
    holder === null
      ? `${bold(state.instance)} is ${green('free')}`
      : `${bold(state.instance)} is ${yellow('held')} by ${holder.workflowId} since ${moment(holder.since)} (token ${holder.token})`,
    ...(preemptedBy === null ? [] : [`  asked to let go for ${preemptedBy.workflowId}`]),
    ...waiting.map(
      (one, index) => `  ${index + 1}. in the queue: ${one.workflowId} since ${moment(one.since)}`,
    ),
    ...(blockedUntil === null
      ? []
      : [
          yellow(`automatic starts are blocked until ${moment(blockedUntil)}`) +
            `, after ${blockedBy ?? 'a recovery'}; to lift it: runbooks acknowledge ${state.instance} --note '…'`,
        ]),
  ];
  if (events.length === 0) return lines.join('\n');
  const rows = events.map(({ at, kind, who, note }) => [moment(at), kind, who, note]);
  return `${lines.join('\n')}\n\n${table(['time', 'what', 'who', 'note'], rows, { dim })}`;
}
