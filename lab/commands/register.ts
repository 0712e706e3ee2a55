import type { Command } from 'commander';

import { CommandError, EXIT } from '../../client/command-error';
import { addCommand, addGroup, perform, printJson, processHost } from '../../client/host';
import type { Host } from '../../client/host';
import { ControlClient } from '../world/control-client';
import { DISASTERS, isDisaster } from '../world/disasters';
import { listLabs } from '../world/registry';
import { takeDown } from './down';
import { theLab } from './find-lab';
import { renderEnvironment, renderInvariants, renderStatus, renderUp } from './render';
import { bringUp } from './up';

interface Named {
  readonly name?: string;
  readonly json?: boolean;
}

interface UpOptions extends Named {
  readonly name: string;
  readonly scale: string;
  readonly nodes: string;
  readonly homeCopies: string;
  readonly drill?: boolean;
}

/** `lab up|down|status|break|heal|env`: a whole world on this machine to try runbooks in. */
export function registerLabCommands(program: Command, host: Host = processHost()): void {
  const lab = addGroup(
    program,
    'lab',
    'a whole world on this machine to try runbooks in',
    'runbooks lab up',
    'eval "$(runbooks lab env)"',
    'runbooks lab break region-down',
    'runbooks lab down',
  );

  addCommand(
    lab,
    'up',
    'start a lab: Temporal, AWS, databases, machines, Bitbucket',
    'runbooks lab up',
    'runbooks lab up --name second --scale 10',
  )
    .option('--name <name>', 'name of the lab', 'lab')
    .option('--scale <factor>', 'how much faster than in AWS its waits pass', '60')
    .option('--nodes <count>', 'Bitbucket nodes of the primary site', '2')
    .option('--home-copies <seconds>', 'real seconds between two copies of the home', '30')
    .option('--drill', 'with a place where verifyBackup tries backups out')
    .action((options: UpOptions) =>
      perform(host, options, async () => {
        const record = await bringUp(
          {
            name: nameOf(options.name),
            scale: positive('--scale', options.scale),
            nodes: positive('--nodes', options.nodes),
            homeCopyEverySeconds: positive('--home-copies', options.homeCopies),
            drill: options.drill === true,
          },
          (line) => host.terminal.err(`${line}\n`),
        );
        const client = ControlClient.of(record);
        const [status, environment] = [await client.status(), await client.environment()];
        if (options.json === true) printJson(host, { ...status, control: record.control, environment });
        else host.terminal.out(renderUp(status, environment));
        return EXIT.done;
      }),
    );

  named(
    addCommand(
      lab,
      'down',
      'end a lab and remove everything it made',
      'runbooks lab down',
      'runbooks lab down --all',
    ),
  )
    .option('--all', 'every lab, also what a crashed one left behind')
    .action((options: Named & { all?: boolean }) =>
      perform(host, options, async () => {
        const chosen =
          options.all === true ? listLabs().filter(isOurs) : [leftover(options.name) ?? theLab(options.name)];
        const ended = [];
        for (const record of chosen) ended.push({ name: record.name, how: await takeDown(record) });
        if (options.json === true) printJson(host, { ended });
        else if (ended.length === 0) host.terminal.out('no lab is running\n');
        else for (const { name, how } of ended) host.terminal.out(`lab ${name} is down (${how})\n`);
        return EXIT.done;
      }),
    );

  named(
    addCommand(
      lab,
      'status',
      'what runs in the lab, which site accepts writes, what is broken',
      'runbooks lab status',
    ),
  )
    .option('--invariants', 'check the invariants as well; exit code 1 when one is broken')
    .action((options: Named & { invariants?: boolean }) =>
      perform(host, options, async () => {
        const client = ControlClient.of(theLab(options.name));
        const status = await client.status();
        const invariants = options.invariants === true ? await client.invariants() : undefined;
        if (options.json === true)
          printJson(host, { ...status, ...(invariants === undefined ? {} : { invariants }) });
        else
          host.terminal.out(
            renderStatus(status) + (invariants === undefined ? '' : renderInvariants(invariants)),
          );
        return (invariants?.violations.length ?? 0) > 0 ? EXIT.failed : EXIT.done;
      }),
    );

  const disasters = Object.entries(DISASTERS).map(([name, what]) => `  ${name.padEnd(14)} ${what}`);
  named(addCommand(lab, 'break <disaster>', 'break something on purpose', 'runbooks lab break region-down'))
    .addHelpText('after', `\nDisasters:\n${disasters.join('\n')}`)
    .action((disaster: string, options: Named) =>
      perform(host, options, async () => {
        if (!isDisaster(disaster)) {
          throw new CommandError(
            `there is no disaster "${disaster}"`,
            `Choose one of ${Object.keys(DISASTERS).join(', ')}.`,
            EXIT.wrongUse,
          );
        }
        const status = await ControlClient.of(theLab(options.name)).breakIt(disaster);
        if (options.json === true) printJson(host, status);
        else host.terminal.out(`${disaster}: ${DISASTERS[disaster]}\n\n${renderStatus(status)}`);
        return EXIT.done;
      }),
    );

  named(addCommand(lab, 'heal', 'end every disaster', 'runbooks lab heal')).action((options: Named) =>
    perform(host, options, async () => {
      const status = await ControlClient.of(theLab(options.name)).heal();
      if (options.json === true) printJson(host, status);
      else host.terminal.out(renderStatus(status));
      return EXIT.done;
    }),
  );

  named(
    addCommand(
      lab,
      'env',
      'the environment that a worker and the other commands need',
      'eval "$(runbooks lab env)"',
    ),
  ).action((options: Named) =>
    perform(host, options, async () => {
      const environment = await ControlClient.of(theLab(options.name)).environment();
      if (options.json === true) printJson(host, environment);
      else host.terminal.out(renderEnvironment(environment));
      return EXIT.done;
    }),
  );
}

function named(command: Command): Command {
  return command.option('--name <name>', 'name of the lab; needed only when several run');
}

/** Labs inside tests end with their tests; only what those left behind is ours to clean. */
function isOurs(lab: { readonly control?: string | undefined; readonly pid: number }): boolean {
  return lab.control !== undefined || !isAlive(lab.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A lab whose process has died is still listed; its remains can be taken down by name, or as the only ones. */
function leftover(name: string | undefined): ReturnType<typeof listLabs>[number] | undefined {
  const labs = listLabs().filter(isOurs);
  if (name !== undefined) return labs.find((lab) => lab.name === name);
  return labs.length === 1 ? labs[0] : undefined;
}

function nameOf(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) return name;
  throw new CommandError(
    `--name ${name} is no name`,
    'Use lower case letters, digits and hyphens.',
    EXIT.wrongUse,
  );
}

function positive(option: string, value: string): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new CommandError(`${option} ${value} is no positive number`, 'Write for example 60.', EXIT.wrongUse);
}
