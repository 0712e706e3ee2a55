import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { processTerminal } from '../../client/terminal';
import { endAtOnce } from '../support/end-at-once';
import { Findings } from './findings';
import { KINDS } from './results';
import type { Kind, SweepResult } from './results';
import { OwnServer } from './own-server';
import { RUNBOOKS } from './runbooks';
import { sweep } from './sweep';
import { renderSweep } from './table';

const EXAMPLES = `
Kinds: kill (the worker dies at every step), lostAnswer (every answer is lost, late or broken), cancel (cancel and abort
at every step), random (seeded schedules of several faults under traffic). All of them unless told.

Exit codes: 0 everything passed, 1 something failed, 2 wrong use.

Examples:
  $ npm run sweep -- --runbook drFailover --seeds 200 --json sweep.json
  $ npm run sweep -- --runbook drFailover --kinds random --from 101 --seeds 100
  $ npm run sweep -- --runbook drFailover --kinds kill --one-case-per-run
  $ npm run sweep -- --runbook drFailover --kinds random --seed 4711`;

interface Options {
  readonly runbook: string;
  readonly kinds: readonly Kind[];
  readonly seeds: number;
  readonly seed?: number;
  readonly from: number;
  readonly json?: string;
  readonly scale: number;
  readonly nodes: number;
  readonly parallel: number;
  readonly deadAfter: number;
  readonly oneCasePerRun: boolean;
  readonly only: string;
}

async function main(words: readonly string[]): Promise<void> {
  const program = new Command('sweep')
    .description(
      'Disturbs runs of a runbook in every way there is, and checks that nothing is lost, doubled or left.',
    )
    .requiredOption('--runbook <name>', `one of ${Object.keys(RUNBOOKS).join(', ')}`, knownRunbook)
    .option('--kinds <list>', 'with commas between them', kindsOf, [...KINDS])
    .option('--seeds <n>', 'how many random schedules', count, 10)
    .option('--from <s>', 'the first of them, e.g. to go on with a sweep that was ended', count, 1)
    .option('--seed <s>', 'this schedule only, exactly as it was', count)
    .option('--json <file>', 'write the result there')
    .option('--scale <n>', 'how many times faster than in AWS its waits pass', count, 300)
    .option('--nodes <n>', 'nodes of each site', count, 1)
    .option('--parallel <n>', 'worlds at a time', count, 2)
    .option('--dead-after <s>', 'policy worker.deadAfter, seconds', count, 10)
    .option('--one-case-per-run', 'slow, and tells which case was to blame', false)
    .option('--only <text>', 'only cases whose names contain it; not for random', '')
    .addHelpText('after', EXAMPLES);
  program.parse([...words], { from: 'user' });
  const options = program.opts<Options>();
  const terminal = processTerminal();
  const began = Date.now();
  const say = (line: string): void =>
    terminal.err(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
  // Temporal's runtime takes these signals for itself, and would leave the worlds standing.
  const findings = new Findings(options.runbook);
  const tell = (): SweepResult => {
    const result = findings.result();
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
    terminal.out(renderSweep(result, terminal.colors));
    return result;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.prependListener(signal, () => endAtOnce(tell));
  await OwnServer.within(({ address: temporal }) =>
    sweep(
      {
        ...options,
        temporal,
        deadAfterSeconds: options.deadAfter,
        everyNthCancel: 1,
        seeds: seedsOf(options),
        say,
      },
      options.kinds,
      findings,
    ),
  );
  const failed = Object.values(tell().kinds).some(({ cases, passed }) => passed < cases);
  process.exitCode = failed ? 1 : 0;
}

/** Schedules are numbered from 1, so that everybody's first ten are the same. */
function seedsOf({ seed, seeds, from }: Options): readonly number[] {
  return seed === undefined ? Array.from({ length: seeds }, (_, index) => from + index) : [seed];
}

function knownRunbook(name: string): string {
  if (Object.hasOwn(RUNBOOKS, name)) return name;
  throw new InvalidArgumentError(`known are ${Object.keys(RUNBOOKS).join(', ')}.`);
}

function kindsOf(list: string): readonly Kind[] {
  return list.split(',').map((word) => {
    const kind = KINDS.find((one) => one === word.trim());
    if (kind === undefined) throw new InvalidArgumentError(`known are ${KINDS.join(', ')}.`);
    return kind;
  });
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new InvalidArgumentError('must be a whole number.');
  return number;
}

main(process.argv.slice(2)).then(
  // What was ended may have left a handle: the result is out, nothing else counts.
  () => process.exit(process.exitCode ?? 0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
