import { readdirSync, readFileSync, rmSync } from 'node:fs';

import { startOf } from '../install/process-identity';
import { endLeftovers, endProcessesOf } from './journal';
import { forgetLab, listLabs } from './registry';
import type { LabRecord } from './registry';

export function isHeld(lab: LabRecord): boolean {
  return startOf(lab.pid) === lab.start;
}

/**
 * Ends what is left of a lab whose process has died: its programs, commands still running on its hosts, its directory.
 * @returns what was ended
 */
export async function cleanUpAfter(lab: LabRecord): Promise<readonly string[]> {
  const ended = [...(await endProcessesOf(lab)), ...endCommandsOf(lab.directory)];
  rmSync(lab.directory, { recursive: true, force: true, maxRetries: 5 });
  forgetLab(lab.name);
  return ended;
}

/** Every lab of this user whose process is dead. Each new lab does this first, so that addresses are free again. */
export async function sweepDeadLabs(): Promise<void> {
  for (const lab of listLabs()) if (!isHeld(lab)) await cleanUpAfter(lab);
  await endLeftovers();
}

/** Commands on hosts are known by their environment: it names the host's directory inside the lab's. */
function endCommandsOf(directory: string): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => environmentOf(pid).includes(`\0LAB_HOST_ROOT=${directory}/`))
    .map((pid) => {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended by itself meanwhile.
      }
      return `command ${pid}`;
    });
}

function environmentOf(pid: string): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}`;
  } catch {
    return '';
  }
}
