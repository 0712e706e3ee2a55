import type { LeaseEvent, LeaseState } from './lease';
import { bullets, clip, plain, titled } from './markdown';

const EVENTS_SHOWN = 10;

/** The lease as Markdown for its page in the Temporal UI. Pure. */
export function describeLease(state: LeaseState): string {
  const { holder, preemptedBy, waiting, blockedUntil, blockedBy } = state;
  return [
    `### Lease of ${plain(state.instance)}`,
    holder === null
      ? '**Free.**'
      : `**Held** by \`${holder.workflowId}\` since ${holder.since}, token ${holder.token}.`,
    ...(preemptedBy === null ? [] : [`Asked to let go for \`${preemptedBy.workflowId}\`.`]),
    ...(blockedUntil === null
      ? []
      : [
          `**Automatic starts are blocked** until ${blockedUntil} after \`${blockedBy ?? ''}\`. To lift it: *Send an Update*, \`acknowledge\`, Data \`{"actor": "YOUR NAME", "note": "why"}\`.`,
        ]),
    titled('Waiting', bullets(waiting.map((one) => `${clip(one.workflowId, 120)} since ${one.since}`))),
    titled('What happened', bullets(state.events.slice(-EVENTS_SHOWN).reverse().map(lineOf))),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function lineOf({ at, kind, who, note }: LeaseEvent): string {
  return `${at} ${kind}: ${clip(who, 120)}, ${clip(note, 200)}`;
}
