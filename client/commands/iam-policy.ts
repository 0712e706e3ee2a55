import type { Command } from 'commander';
import { EXIT } from '../command-error';
import { addCommand, perform, printJson } from '../host';
import type { Host } from '../host';
import type * as Policy from '../iam/policy';
import { RUNBOOK_STEPS } from '../iam/runbook-steps';
import { requireRunbook } from '../runbook-name';

const NOT_IN_IT = `
Not in it, because they depend on your account:
  - what CloudFormation changes on your behalf, where the stack has no service role of its own
  - the keys of encrypted snapshots, volumes and secrets (kms:Decrypt, kms:CreateGrant, kms:DescribeKey, …)
Narrow "Resource" down to your own resources where the action allows it.`;

/** `iam-policy`: the least that the worker's role must be allowed. */
export function registerIamPolicy(program: Command, host: Host): void {
  addCommand(
    program,
    'iam-policy [runbook]',
    'print the IAM policy that a worker needs, for all runbooks or for one',
    'runbooks iam-policy > policy.json',
    'runbooks iam-policy drFailover',
  )
    .addHelpText('after', NOT_IN_IT)
    .action((runbook: string | undefined, options: { readonly json?: boolean }) =>
      perform(host, options, async () => {
        const steps = runbook === undefined ? undefined : stepsOf(runbook);
        printJson(host, loadPolicy().iamPolicy(steps));
        return EXIT.done;
      }),
    );
}

function stepsOf(runbook: string): readonly string[] {
  requireRunbook(runbook, Object.keys(RUNBOOK_STEPS).sort());
  return RUNBOOK_STEPS[runbook] ?? [];
}

/** The AWS clients take their time to load, and only this command and `doctor` need them. */
function loadPolicy(): typeof Policy {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('../iam/policy') as typeof Policy;
}
