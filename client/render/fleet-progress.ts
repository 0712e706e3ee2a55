import { describeFleet, hasBegun } from '../../workflows/runbook/fleet-rules';
import type { FleetProgress } from '../../workflows/runbook/fleet-rules';
import type { Colors } from '../terminal';
import { span } from './words';

/** Where the children of a run over many instances stand; empty before the first is started. */
export function renderFleetProgress(fleet: FleetProgress | undefined, colors: Colors): string {
  if (fleet === undefined || !hasBegun(fleet)) return '';
  const { now, running, notes, longest, stopped, children } = fleet;
  const others = running - now.length;
  return [
    colors.bold(describeFleet(fleet)),
    ...(stopped === null ? [] : [colors.red(`no further one is started: ${stopped}`)]),
    ...(now.length === 0 ? [] : [`running: ${now.join(', ')}${others > 0 ? ` and ${others} more` : ''}`]),
    ...(longest === null ? [] : [`the longest took ${span(longest.seconds)} (${longest.instance})`]),
    ...notes.map(({ instance, kind, why }) => `  - ${instance} ${kind}: ${why}`),
    colors.dim(`each is ${children}`),
  ].join('\n');
}
