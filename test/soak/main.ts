import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { processTerminal } from '../../client/terminal';
import { endAtOnce } from '../support/end-at-once';
import { OwnServer } from '../sweeps/own-server';
import { Findings } from './result';
import type { SoakResult } from './result';
import { soak } from './soak';
import { renderSoak } from './table';

const EXAMPLES = `
Exit codes: 0 everything as it should be, 1 something was not, 2 wrong use.

Examples:
  $ npm run soak -- --days 2 --json soak.json
  $ npm run soak -- --days 2 --until 2026-10-26T00:30:00Z   # over the end of summer time`;

interface Options {
  readonly days: number;
  readonly until?: number;
  readonly scale: number;
  readonly json?: string;
}

async function main(words: readonly string[]): Promise<void> {
  const program = new Command('soak')
    .description(
      'Plays days of hourly backups with copies, retention and trials under traffic, then a lost region, the failover ' +
        'from the copies, and a restore; and checks that nothing is missing.',
    )
    .option('--days <n>', 'emulated days, from 2 on', wholeDays, 2)
    .option('--until <time>', 'end of the emulated days, ISO 8601; now unless told', pastTime)
    .option('--scale <n>', 'how many times faster than in AWS its waits pass', positive, 300)
    .option('--json <file>', 'write the result there')
    .addHelpText('after', EXAMPLES)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  program.parse([...words], { from: 'user' });
  const terminal = processTerminal();
  const began = Date.now();
  const { json, until = began, ...options } = program.opts<Options>();
  const say = (line: string): void =>
    terminal.err(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
  const findings = new Findings(options.days);
  const tell = (): SoakResult => {
    const result = findings.all;
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
    terminal.out(renderSoak(result, terminal.colors));
    return result;
  };
  // Temporal's runtime takes these signals for itself, and would leave the world standing.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.prependListener(signal, () => endAtOnce(tell));
  await OwnServer.within(({ address: temporal }) =>
    soak({ ...options, until, temporal, say }, findings).catch((error: unknown) => {
      console.error(error);
      findings.problem(`came to no end: ${error instanceof Error ? error.message : String(error)}`);
    }),
  );
  process.exitCode = tell().problems.length > 0 ? 1 : 0;
}

/** The restore goes back to the day before the last. */
function wholeDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 2)
    throw new InvalidArgumentError('must be a whole number from 2 on.');
  return days;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number >= 1)) throw new InvalidArgumentError('must be a number from 1 on.');
  return number;
}

function pastTime(text: string): number {
  const time = Date.parse(text);
  if (!(time <= Date.now()))
    throw new InvalidArgumentError('must be a time in the past, e.g. 2026-10-26T00:30:00Z.');
  return time;
}

main(process.argv.slice(2)).then(
  // What was ended may have left a handle: the result is out, nothing else counts.
  () => process.exit(process.exitCode ?? 0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
