import { nearest } from '../estate/nearest';
import { ESTATE_RUNBOOKS, INSTANCE_RUNBOOKS } from '../estate/runbook-names';
import { CommandError, EXIT } from './command-error';

/** Every runbook that workers serve, by name. */
export const RUNBOOK_NAMES: readonly string[] = [...INSTANCE_RUNBOOKS, ...ESTATE_RUNBOOKS].sort();

/**
 * The server starts a workflow of any name, and a worker that does not know it fails each of its tasks for ever: such a
 * run is open, silent, and ends by itself never.
 * @throws CommandError, wrong use, naming the runbook that may be meant and those that there are
 */
export function requireRunbook(name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const meant = nearest(name, known);
  throw new CommandError(
    `there is no runbook "${name}"`,
    `${meant === undefined ? '' : `Did you mean "${meant}"? `}There are: ${known.join(', ')}.`,
    EXIT.wrongUse,
  );
}
