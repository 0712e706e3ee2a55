import {
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';
import type { Change, DescribeChangeSetCommandOutput, Stack } from '@aws-sdk/client-cloudformation';

import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { askAws } from '../errors';
import type { Undertaking } from '../errors';
import { stableToken } from '../ownership';
import { lookAgain } from '../pace';
import { dangersOf } from './guard';
import { findStack, isBusy, parameterOf } from './stack';

export interface ParameterChange {
  readonly region: string;
  readonly stack: string;
  readonly parameter: string;
  readonly value: string;
}

/**
 * Gives a stack parameter a value through a guarded change set. Every call goes one step further from where the last
 * one stopped, and throws "not yet" until the change set is executed; resolves when the execution was accepted or
 * nothing was to be changed. @throws Terminal when the change set would destroy something, or what it would do cannot be
 * seen; it is deleted then
 */
export async function applyParameter(
  dependencies: Dependencies,
  change: ParameterChange,
  context: StepContext,
): Promise<void> {
  const stack = await findStack(dependencies, change.region, change.stack);
  if (stack === undefined) throw terminal(`there is no stack ${change.stack} in ${change.region}.`);
  // CloudFormation shows the new value from the moment on in which the execution has begun.
  if (parameterOf(stack, change.parameter) === change.value) return;
  if (isBusy(stack)) throw lookAgain(`stack ${change.stack} is ${stack.StackStatus ?? 'busy'}`, context);

  // The former value is part of the name: undo and a later step with the same value are changes of their own.
  const token = stableToken(context, change.value, stack.LastUpdatedTime?.toISOString() ?? 'created');
  const name = `runbooks-${token}`;
  const found = await describe(dependencies, change, name);
  if (found === undefined) {
    await create(dependencies, change, stack, name, token, context);
    throw lookAgain(`change set ${name} of ${change.stack} is being made`, context);
  }
  const { Status: status, StatusReason: reason = '' } = found.reply;
  if (status === 'FAILED') {
    await remove(dependencies, change, name, context);
    if (/didn't contain changes|No updates are to be performed/.test(reason)) return;
    throw terminal(`change set ${name} of ${change.stack} in ${change.region} failed: ${reason}`);
  }
  if (status !== 'CREATE_COMPLETE') throw lookAgain(`change set ${name} is ${status ?? 'unknown'}`, context);
  const execution = found.reply.ExecutionStatus ?? '';
  if (execution === 'EXECUTE_IN_PROGRESS' || execution === 'EXECUTE_COMPLETE') return;

  const dangers = dangersOf(found.changes);
  if (dangers.length > 0) {
    await remove(dependencies, change, name, context);
    throw terminal(
      `the change of ${change.parameter} in stack ${change.stack} (${change.region}) ` +
        `${dangers.map(({ what }) => what).join(', ')}. The change set was deleted and nothing was changed. ` +
        [...new Set(dangers.map(({ remedy }) => remedy))].join(' '),
    );
  }
  await execute(dependencies, change, name, token, context);
}

async function describe(
  dependencies: Dependencies,
  change: ParameterChange,
  name: string,
): Promise<{ reply: DescribeChangeSetCommandOutput; changes: readonly Change[] } | undefined> {
  const client = dependencies.aws.cloudFormation(change.region);
  const changes: Change[] = [];
  let first: DescribeChangeSetCommandOutput | undefined;
  let token: string | undefined;
  do {
    const reply = await askAws(
      about('describe', change, name),
      () =>
        client.send(
          new DescribeChangeSetCommand({
            StackName: change.stack,
            ChangeSetName: name,
            ...(token ? { NextToken: token } : {}),
          }),
        ),
      { notFound: () => undefined },
    );
    if (reply === undefined) return undefined;
    first ??= reply;
    changes.push(...(reply.Changes ?? []));
    token = reply.NextToken;
  } while (token !== undefined && token !== '');
  return { reply: first, changes };
}

async function create(
  dependencies: Dependencies,
  change: ParameterChange,
  stack: Stack,
  name: string,
  token: string,
  context: StepContext,
): Promise<void> {
  const others = (stack.Parameters ?? []).filter((one) => one.ParameterKey !== change.parameter);
  await askAws(
    about('create', change, name, context),
    async () => {
      await dependencies.aws.cloudFormation(change.region).send(
        new CreateChangeSetCommand({
          StackName: change.stack,
          ChangeSetName: name,
          ChangeSetType: 'UPDATE',
          ClientToken: token,
          Description: `${context.run.workflowId} ${context.step}`,
          UsePreviousTemplate: true,
          Capabilities: stack.Capabilities ?? [],
          // The previous value also keeps passwords, which nobody can read back [B §10].
          Parameters: [
            ...others.map((one) => ({ ParameterKey: one.ParameterKey, UsePreviousValue: true })),
            { ParameterKey: change.parameter, ParameterValue: change.value },
          ],
          // Told again, or the update would take them from the stack and all its resources.
          ...(stack.Tags === undefined || stack.Tags.length === 0 ? {} : { Tags: stack.Tags }),
        }),
      );
    },
    { exists: () => undefined },
  );
}

async function execute(
  dependencies: Dependencies,
  change: ParameterChange,
  name: string,
  token: string,
  context: StepContext,
): Promise<void> {
  await askAws(
    about('execute', change, name, context),
    async () => {
      await dependencies.aws.cloudFormation(change.region).send(
        new ExecuteChangeSetCommand({
          StackName: change.stack,
          ChangeSetName: name,
          ClientRequestToken: token,
        }),
      );
    },
    {
      busy: async (error) => {
        const now = await describe(dependencies, change, name);
        const execution = now?.reply.ExecutionStatus ?? '';
        if (now === undefined || execution.startsWith('EXECUTE_')) return;
        throw lookAgain(`change set ${name}: ${error.name}: ${error.message}`, context);
      },
    },
  );
}

async function remove(
  dependencies: Dependencies,
  change: ParameterChange,
  name: string,
  context: StepContext,
): Promise<void> {
  await askAws(
    about('delete', change, name, context),
    async () => {
      await dependencies.aws
        .cloudFormation(change.region)
        .send(new DeleteChangeSetCommand({ StackName: change.stack, ChangeSetName: name }));
    },
    { notFound: () => undefined },
  );
}

function about(doing: string, change: ParameterChange, name: string, context?: StepContext): Undertaking {
  return {
    doing,
    resource: `change set ${name} of stack ${change.stack}`,
    region: change.region,
    ...(context === undefined ? {} : { pace: context.pace }),
  };
}
