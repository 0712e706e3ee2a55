import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { reportHtml } from '../../client/report-html';
import { processTerminal } from '../../client/terminal';
import { ToolMissing } from '../install/tool';
import { runDemo } from './demo';
import { renderEnding } from './ending';

interface Options {
  readonly yes?: boolean;
  readonly json?: string;
  readonly html: string;
  readonly keep?: boolean;
  readonly scale: number;
}

/** Exit code: 0 only when the run SUCCEEDED and no invariant was broken; 1 otherwise; 2 wrong use. */
async function main(): Promise<void> {
  const program = new Command('demo')
    .description('A Bitbucket in two emulated regions loses its region under traffic and is failed over')
    .option(
      '--yes',
      'approve as the different people that the policy asks for, without asking at the keyboard',
    )
    .option('--json <file>', 'write the report as JSON')
    .option('--html <file>', 'write the report as a page', 'report.html')
    .option('--keep', 'leave everything running at the end, for a look around, until Ctrl-C')
    .option('--scale <n>', "how many times faster than real time AWS' own waits pass", parseScale, 12)
    .addHelpText('after', '\nExample:\n  $ npm run demo -- --yes --json report.json')
    .parse();
  const options = program.opts<Options>();
  const terminal = processTerminal();
  if (options.yes !== true && !process.stdin.isTTY) {
    terminal.err('The demo asks for approvals at the keyboard, and there is none: add --yes.\n');
    process.exitCode = 2;
    return;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  const report = await runDemo({
    yes: options.yes === true,
    scale: options.scale,
    terminal,
    signal: interrupted.signal,
    keep: options.keep === true,
    finished: async (finished) => {
      if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(finished, null, 2)}\n`);
      await writeFile(options.html, reportHtml(finished));
      terminal.out(
        renderEnding(finished, terminal.colors, [
          options.html,
          ...(options.json === undefined ? [] : [options.json]),
        ]),
      );
    },
  });
  process.exitCode = report.outcome === 'SUCCEEDED' && report.invariants.violations.length === 0 ? 0 : 1;
}

function parseScale(text: string): number {
  const scale = Number(text);
  if (!(scale >= 1 && scale <= 600)) throw new InvalidArgumentError('give a number from 1 to 600');
  return scale;
}

main().catch((error: unknown) => {
  if (error instanceof Error && error.name === 'AbortError') {
    console.error('ended before its time; nothing is left running');
    process.exitCode = 130;
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  console.error(error instanceof ToolMissing ? message : `the demo failed: ${message}`);
  if (process.env['DEBUG'] !== undefined) console.error(error);
  process.exitCode = 1;
});
