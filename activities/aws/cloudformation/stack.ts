import { DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import type { Stack } from '@aws-sdk/client-cloudformation';

import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';
import { allPages } from '../pages';
import { NESTED_STACK, nameOfStack } from './guard';

/** The stack; undefined when there is none of that name. */
export async function findStack(
  dependencies: Dependencies,
  region: string,
  name: string,
): Promise<Stack | undefined> {
  const reply = await askAws(
    { doing: 'describe', resource: `stack ${name}`, region },
    () => dependencies.aws.cloudFormation(region).send(new DescribeStacksCommand({ StackName: name })),
    { notFound: () => undefined },
  );
  const stack = reply?.Stacks?.[0];
  return stack?.StackStatus === 'DELETE_COMPLETE' ? undefined : stack;
}

/**
 * Names of the stacks that are nested in a stack; undefined where the worker may not ask: it needs that for nothing but a
 * problem's being told early.
 */
export function findNestedStacks(
  dependencies: Dependencies,
  region: string,
  name: string,
): Promise<readonly string[] | undefined> {
  return askAws(
    { doing: 'list the resources of', resource: `stack ${name}`, region },
    async () => {
      const resources = await allPages(async (NextToken) => {
        const reply = await dependencies.aws.cloudFormation(region).send(
          new ListStackResourcesCommand({
            StackName: name,
            ...(NextToken === undefined ? {} : { NextToken }),
          }),
        );
        return { items: reply.StackResourceSummaries, next: reply.NextToken };
      });
      return resources
        .filter(({ ResourceType }) => ResourceType === NESTED_STACK)
        .map(({ PhysicalResourceId, LogicalResourceId }) =>
          nameOfStack(PhysicalResourceId ?? LogicalResourceId ?? '?'),
        );
    },
    { denied: () => undefined, notFound: () => undefined },
  );
}

/** Value of a parameter; undefined when the stack has no such parameter. */
export function parameterOf(stack: Stack, key: string): string | undefined {
  const parameter = stack.Parameters?.find((one) => one.ParameterKey === key);
  return parameter === undefined ? undefined : (parameter.ParameterValue ?? '');
}

/** An operation is going on; clean-up after an update blocks the next one as well [A §7]. */
export function isBusy(stack: Stack): boolean {
  return stack.StackStatus?.endsWith('_IN_PROGRESS') === true;
}

/** The state lets an update be made. */
export function isUpdatable(stack: Stack): boolean {
  return [
    'CREATE_COMPLETE',
    'UPDATE_COMPLETE',
    'UPDATE_ROLLBACK_COMPLETE',
    'IMPORT_COMPLETE',
    'IMPORT_ROLLBACK_COMPLETE',
  ].includes(stack.StackStatus ?? '');
}
