import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readReport } from '../ask-run';
import { CommandError, EXIT } from '../command-error';
import { findRun } from '../find-run';
import { addCommand, performConnected, printJson } from '../host';
import type { Host } from '../host';
import { closeOf, fromOutside } from '../outside-end';
import { expectedFrom, renderExpected } from '../render/expected';
import { renderReport } from '../render/report';
import { reportHtml } from '../report-html';

interface ReportOptions {
  readonly json?: boolean;
  readonly html?: string;
  readonly expected?: boolean;
}

export function registerReport(program: Command, host: Host): void {
  addCommand(
    program,
    'report <run>',
    'what a run did, who decided, and what it cost; of a run that goes on, so far',
    'runbooks report bitbucket-prod --html failover.html',
  )
    .option('--html <file>', 'write it as one self-contained page')
    .option('--expected', 'how long its steps took, as policy.expected of the estate: paste it there')
    .action((run: string, options: ReportOptions) =>
      performConnected(host, options, async (session) => {
        const workflowId = await findRun(session, run);
        const report = await readReport(session, workflowId);
        const outside = fromOutside(await closeOf(session, workflowId), report.outcome);
        if (options.expected === true) {
          if (options.json === true) printJson(host, expectedFrom(report));
          else host.terminal.out(renderExpected(report));
          return EXIT.done;
        }
        if (options.html !== undefined) {
          const { html } = options;
          await writeFile(html, reportHtml(report, outside)).catch((error: NodeJS.ErrnoException) => {
            throw new CommandError(
              `cannot write ${html}: ${error.code ?? error.message}`,
              'Name a file that can be written.',
            );
          });
        }
        if (options.json === true) printJson(host, { ...report, closedFromOutside: outside ?? null });
        else if (options.html === undefined)
          host.terminal.out(`${renderReport(report, host.terminal.colors, outside)}\n`);
        else host.terminal.out(`written to ${options.html}\n`);
        return EXIT.done;
      }),
    );
}
