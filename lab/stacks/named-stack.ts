import { AwsFault } from '../gateway/overlay';
import type { AwsCall } from '../gateway/overlay';
import { parameter } from '../gateway/reply';
import type { Stack } from './stack';
import type { Stacks } from './stacks';

/** The stack that a call names. @throws AwsFault ValidationError */
export function namedStack(call: AwsCall, stacks: Stacks): Stack {
  const name = parameter(call.parameters, 'StackName');
  if (name === undefined) throw new AwsFault('ValidationError', 'StackName is required.');
  const stack = stacks.find(call.region, name);
  if (stack === undefined) {
    const looksOnly = call.action === 'DescribeStacks';
    throw new AwsFault(
      'ValidationError',
      looksOnly ? `Stack with id ${name} does not exist` : `Stack [${name}] does not exist`,
    );
  }
  return stack;
}
