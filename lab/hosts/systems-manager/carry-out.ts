import type { VirtualClock } from '../../clock/virtual-clock';
import type { HostFleet } from '../host-fleet';
import { HostLost } from '../scripts';
import type { CommandRecord, Invocation, InvocationStatus } from './command-record';

/** Virtual seconds until an agent that is connected fetches a command, and between its attempts while it is not. */
const DELIVERY_SECONDS = 1;

/**
 * Brings the command to one machine and runs it there. The delivery waits in virtual time; the work is real, and so is
 * its `executionTimeout`. A machine that goes down meanwhile leaves the invocation in progress until that has passed.
 */
export async function carryOut(
  fleet: HostFleet,
  clock: VirtualClock,
  record: CommandRecord,
  invocation: Invocation,
): Promise<void> {
  const end = (status: InvocationStatus, details: string, code: number): void => {
    if (invocation.endedAt !== undefined) return;
    invocation.status = status;
    invocation.statusDetails = details;
    invocation.responseCode = code;
    invocation.endedAt = clock.now();
  };
  if (!(await deliver(fleet, clock, record, invocation.instanceId))) {
    if (record.cancel.signal.aborted) end('Cancelled', 'Cancelled', -1);
    else end('TimedOut', 'DeliveryTimedOut', -1);
    return;
  }
  const timeoutSeconds = Number(record.parameters.executionTimeout?.[0] ?? '3600');
  invocation.status = 'InProgress';
  invocation.statusDetails = 'InProgress';
  invocation.startedAt = clock.now();
  try {
    const result = await fleet.run(invocation.instanceId, scriptOf(record), {
      timeoutSeconds,
      signal: record.cancel.signal,
    });
    invocation.stdout = result.stdout;
    invocation.stderr = result.stderr;
    if (record.cancel.signal.aborted) end('Cancelled', 'Cancelled', result.exitCode);
    else if (result.timedOut) end('TimedOut', 'ExecutionTimedOut', result.exitCode);
    else if (result.exitCode === 0) end('Success', 'Success', 0);
    else end('Failed', 'Failed', result.exitCode);
  } catch (error) {
    if (!(error instanceof HostLost)) {
      invocation.stderr = error instanceof Error ? error.message : String(error);
      end('Failed', 'Failed', 1);
      return;
    }
    clock.after(timeoutSeconds, () => end('TimedOut', 'ExecutionTimedOut', -1));
  }
}

async function deliver(
  fleet: HostFleet,
  clock: VirtualClock,
  record: CommandRecord,
  instanceId: string,
): Promise<boolean> {
  const deadline = record.requestedAt + record.timeoutSeconds * 1000;
  for (;;) {
    await new Promise<void>((resolve) => void clock.after(DELIVERY_SECONDS, resolve));
    if (record.cancel.signal.aborted) return false;
    if (fleet.hosts().some((host) => host.instanceId === instanceId && host.up)) return true;
    if (clock.now() >= deadline) return false;
  }
}

function scriptOf(record: CommandRecord): string {
  const commands = (record.parameters.commands ?? []).join('\n');
  const directory = record.parameters.workingDirectory?.[0];
  if (directory === undefined || directory === '') return commands;
  return `cd '${directory.replaceAll("'", "'\\''")}' || exit 1\n${commands}`;
}
