import { CancelCommandCommand, GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import type { GetCommandInvocationCommandOutput, SSMClient } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../aws/clients';
import { askAws, HostUnreachable } from '../aws/errors';
import { asRead } from '../aws/intent';
import { needsPerson, notYet } from '../errors';
import { pause } from './pause';
import { renderScript } from './scripts';

/** IAM actions behind every host command. */
export const HOST_COMMAND_ACTIONS = [
  'ssm:SendCommand',
  'ssm:GetCommandInvocation',
  'ssm:CancelCommand',
] as const;

export interface HostCommand {
  readonly region: string;
  readonly instanceId: string;
  /** A file of `activities/hosts/scripts`, without `.sh`. */
  readonly script: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** How long the script may run on the host, seconds; it is ended there. */
  readonly timeoutSeconds: number;
  /** False for a script that only looks: no lease is needed for it, and it is not counted as a change. */
  readonly mutating: boolean;
  /** How long the host's agent may take to fetch the command, seconds; 20 unless told. */
  readonly pickUpSeconds?: number;
}

export interface HostAnswer {
  /** Lines `name=value` of the standard output. */
  readonly facts: Readonly<Record<string, string>>;
  /** The whole standard output; Systems Manager cuts it at 24,000 characters [A §7]. */
  readonly output: string;
}

/** Exit codes by which a script says what its failure means (sysexits.h). */
const TRY_AGAIN = 75;

/** Seconds between the first looks at a command; they grow to the last. */
const FIRST_LOOK = 0.1;
const SLOWEST_LOOK = 3;

/**
 * Runs a script on an instance through Systems Manager (AWS-RunShellScript) and waits for its end. Scripts are
 * idempotent, so a command whose answer was lost may simply be sent again.
 * @throws AwsUnreachable when nobody answers: region, host or agent, which is not the same as failed; NotYet when the script says so by exit code 75;
 *   NeedsPerson with the script's last words for any other failure
 */
export async function runOnHost(aws: AwsClients, command: HostCommand): Promise<HostAnswer> {
  const text = await renderScript(command.script, command.parameters);
  const ssm = aws.ssm(command.region);
  const commandId = command.mutating
    ? await send(ssm, command, text)
    : await asRead(() => send(ssm, command, text));
  return answerOf(command, await waitForEnd(ssm, command, commandId));
}

function send(ssm: SSMClient, command: HostCommand, text: string): Promise<string> {
  return ask(command, async () => {
    const sent = await ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [command.instanceId],
        Comment: `runbooks ${command.script}`,
        // Delivery; 30 is the least that the service takes. We give up earlier and cancel.
        TimeoutSeconds: 30,
        Parameters: { commands: [text], executionTimeout: [String(Math.ceil(command.timeoutSeconds))] },
      }),
    );
    const id = sent.Command?.CommandId;
    if (id === undefined)
      throw new Error(`Systems Manager took ${command.script}.sh without giving it an id`);
    return id;
  });
}

async function waitForEnd(
  ssm: SSMClient,
  command: HostCommand,
  commandId: string,
): Promise<GetCommandInvocationCommandOutput> {
  const started = Date.now();
  const pickUpSeconds = command.pickUpSeconds ?? 20;
  for (let wait = FIRST_LOOK; ; wait = Math.min(SLOWEST_LOOK, wait * 1.6)) {
    await pause(wait);
    const found = await ask(command, () => look(ssm, command, commandId));
    const status = found?.Status ?? 'Pending';
    if (found !== undefined && !['Pending', 'InProgress', 'Delayed', 'Cancelling'].includes(status))
      return found;
    const waited = (Date.now() - started) / 1000;
    const pending = status === 'Pending' || status === 'Delayed';
    if (pending ? waited > pickUpSeconds : waited > pickUpSeconds + command.timeoutSeconds + 15) {
      await cancel(ssm, command, commandId);
      throw new HostUnreachable(
        nameOf(command),
        pending
          ? `${command.script}.sh was not fetched by ${nameOf(command)} within ${Math.round(waited)} s (command ${commandId}, now cancelled). Is the host up, and its Systems Manager agent?`
          : `${command.script}.sh on ${nameOf(command)} did not end within ${Math.round(waited)} s (command ${commandId}). Storage or the host may hang: look there before trying again`,
      );
    }
  }
}

/** undefined while the service does not know the invocation yet, as happens right after SendCommand [A §7]. */
async function look(
  ssm: SSMClient,
  command: HostCommand,
  commandId: string,
): Promise<GetCommandInvocationCommandOutput | undefined> {
  try {
    return await ssm.send(
      new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: command.instanceId }),
    );
  } catch (error) {
    if (error instanceof Error && error.name === 'InvocationDoesNotExist') return undefined;
    throw error;
  }
}

/** A command that nobody fetched must not start later, when the runbook has moved on. Best effort. */
async function cancel(ssm: SSMClient, command: HostCommand, commandId: string): Promise<void> {
  const request = new CancelCommandCommand({ CommandId: commandId, InstanceIds: [command.instanceId] });
  await asRead(() => ssm.send(request)).catch(() => undefined);
}

function answerOf(command: HostCommand, found: GetCommandInvocationCommandOutput): HostAnswer {
  const output = found.StandardOutputContent ?? '';
  if (found.Status === 'Success') return { facts: factsIn(output), output };
  const where = `${command.script}.sh on ${nameOf(command)}`;
  if (/^(DeliveryTimedOut|Undeliverable|Terminated)$/.test((found.StatusDetails ?? '').replaceAll(' ', ''))) {
    throw new HostUnreachable(
      nameOf(command),
      `${where} was not carried out: ${found.StatusDetails}. Is the host up?`,
    );
  }
  const words = lastWords(found.StandardErrorContent ?? '') || lastWords(output) || 'without a word';
  if (found.Status === 'TimedOut') {
    throw needsPerson(
      `${where} was ended after ${command.timeoutSeconds} s: ${words}. Storage may hang: look at the host, then retry`,
    );
  }
  if (found.Status === 'Cancelled')
    throw new Error(`${where} was cancelled in Systems Manager by someone: ${words}`);
  if (found.ResponseCode === TRY_AGAIN) throw notYet(`${where}: ${words}`, 5);
  throw needsPerson(
    `${where} failed with exit code ${found.ResponseCode ?? -1}: ${words}. Mend it there, then retry`,
  );
}

function ask<T>(command: HostCommand, work: () => Promise<T>): Promise<T> {
  const about = {
    doing: `run ${command.script}.sh on`,
    resource: command.instanceId,
    region: command.region,
  };
  return askAws(about, work, {
    invalid: (error) => {
      if (error.name === 'InvalidInstanceId') {
        throw new HostUnreachable(
          nameOf(command),
          `${nameOf(command)} takes no commands: ${error.message || 'not managed by Systems Manager or not running'}`,
        );
      }
      throw needsPerson(
        `could not run ${command.script}.sh on ${nameOf(command)}: ${error.name}: ${error.message}`,
      );
    },
  });
}

function nameOf(command: HostCommand): string {
  return `${command.instanceId} in ${command.region}`;
}

function factsIn(output: string): Readonly<Record<string, string>> {
  const found = [...output.matchAll(/^([a-zA-Z][\w.-]*)=(.*)$/gm)];
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value]));
}

function lastWords(text: string): string {
  return text
    .trim()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-3)
    .join(' | ')
    .slice(-500);
}
