import { CommandError, EXIT } from '../../client/command-error';
import { listLabs } from '../world/registry';
import type { LabRecord } from '../world/registry';
import { isHeld } from '../world/sweep';

/**
 * The lab that a command means: by name, or the only one that runs.
 * @throws CommandError naming the labs there are
 */
export function theLab(name: string | undefined): LabRecord {
  const labs = listLabs().filter((lab) => isHeld(lab) && lab.control !== undefined);
  const names = labs.map((lab) => lab.name).join(', ');
  if (name !== undefined) {
    const found = labs.find((lab) => lab.name === name);
    if (found !== undefined) return found;
    throw new CommandError(
      `no lab named "${name}" is running`,
      names === '' ? 'Start one with `runbooks lab up`.' : `Running: ${names}.`,
    );
  }
  const [only, ...others] = labs;
  if (only === undefined) throw new CommandError('no lab is running', 'Start one with `runbooks lab up`.');
  if (others.length > 0) {
    throw new CommandError(`several labs are running: ${names}`, 'Say which with --name.', EXIT.wrongUse);
  }
  return only;
}
