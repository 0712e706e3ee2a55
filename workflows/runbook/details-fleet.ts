import type { Room } from './details-ask';
import { describeFleet, hasBegun } from './fleet-rules';
import type { FleetProgress } from './fleet-rules';
import { bullets, clip, duration, plain, titled } from './markdown';

/** Where the children of a run over many instances stand; empty before the first is started. */
export function renderFleet(fleet: FleetProgress | undefined, room: Room): string {
  if (fleet === undefined || !hasBegun(fleet)) return '';
  const { now, running, notes, counts, longest, failuresAllowed, stopped, children } = fleet;
  const others = running - now.length;
  const lines = [
    `**${plain(describeFleet(fleet))}.**`,
    ...(stopped === null
      ? [`More than ${failuresAllowed} failures stop the rest.`]
      : [`**No further one is started**: ${clip(stopped, room.line)}.`]),
    ...(longest === null
      ? []
      : [`The longest took ${duration(longest.seconds)} (${plain(longest.instance)}).`]),
    `Each is \`${children}\`.`,
  ];
  const told = notes.map(({ instance, kind, why }) => clip(`${instance} ${kind}: ${why}`, room.line));
  const hidden = counts.degraded + counts.failed + counts.skipped + counts.cancelled - notes.length;
  return [
    lines.join(' '),
    now.length === 0
      ? ''
      : `Running: ${now.map(plain).join(', ')}${others > 0 ? ` and ${others} more` : ''}.`,
    titled('Not done, or with remarks', bullets(told, room.lines)),
    hidden > 0 ? `Of ${hidden} more only the number is kept: look at their own runs.` : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}
