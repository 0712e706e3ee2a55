import type { Command } from 'commander';
import { EXIT } from '../command-error';
import { addCommand, perform, printJson } from '../host';
import type { Host } from '../host';
import { ESTATE_OPTION, estatePath } from './estate';
import type { EstateOptions } from './estate';
import type * as Checks from '../doctor/checks';
import type { Finding } from '../doctor/finding';

const LONGEST_SECONDS = 6;

/** `doctor`: what runs need, looked at from here. */
export function registerDoctor(program: Command, host: Host): void {
  addCommand(
    program,
    'doctor',
    'look at what runbooks need (Temporal, worker, estate, AWS, backup store, vaults, secrets, search, DNS, placement), and say ' +
      'what to do about what is missing',
    'runbooks doctor --estate estate.yaml',
  )
    .option(...ESTATE_OPTION)
    .action((options: EstateOptions) =>
      perform(host, options, async () => {
        const findings = await examine(estatePath(options, host), host);
        if (options.json === true) printJson(host, findings);
        else
          host.terminal.out(
            `${findings.map((finding) => render(finding, host)).join('\n')}\n${summary(findings)}\n`,
          );
        return findings.every(({ ok }) => ok) ? EXIT.done : EXIT.failed;
      }),
    );
}

async function examine(file: string, host: Host): Promise<readonly Finding[]> {
  const checks = loadChecks();
  const { AwsClients, examineEstate, examineFile, examineTemporal, secretsFrom } = checks;
  const { instancesOf, judgePlacement } = checks;
  const { finding, estate } = examineFile(file);
  const aws = new AwsClients({ requestTimeoutSeconds: awsTimeout(host) });
  const secrets = secretsFrom(aws, host.environment);
  try {
    const [temporal, outside] = await Promise.all([
      examineTemporal(() => host.connect()),
      estate === undefined ? [] : examineEstate(estate, { aws, secrets }, host.environment),
    ]);
    const placed = estate === undefined ? [] : instancesOf(estate);
    const placement = { workers: temporal.workers, temporal: estate?.placement.temporal ?? [] };
    return [
      ...temporal.findings,
      finding,
      ...outside,
      ...placed.map((instance) => judgePlacement(instance, placement)),
    ];
  } finally {
    aws.destroy();
  }
}

/** The worker's own bound for one request, but never more than a person likes to wait for; seconds. */
function awsTimeout({ environment }: Host): number {
  const given = Number(environment['RUNBOOKS_AWS_TIMEOUT_SECONDS']);
  return given > 0 ? Math.min(given, LONGEST_SECONDS) : LONGEST_SECONDS;
}

/** The AWS clients take their time to load, and only this command needs them. */
function loadChecks(): typeof Checks {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('../doctor/checks') as typeof Checks;
}

function summary(findings: readonly Finding[]): string {
  const wrong = findings.filter(({ ok }) => !ok).length;
  if (wrong === 0) return `All ${findings.length} are in order, as seen from here.`;
  return `${wrong} of ${findings.length} ${wrong === 1 ? 'needs' : 'need'} attention (✘).`;
}

function render({ ok, name, detail, remedy }: Finding, host: Host): string {
  const { green, red, bold } = host.terminal.colors;
  const [first, ...others] = detail.split('\n');
  return [
    `${ok ? green('✔') : red('✘')} ${bold(name)}  ${first ?? ''}`,
    ...others.map((line) => `    ${line}`),
    ...(remedy === undefined ? [] : [`    → ${remedy}`]),
  ].join('\n');
}
