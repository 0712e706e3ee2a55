import type { Stack } from '@aws-sdk/client-cloudformation';

import type { Problem, StepContext } from '../../../workflows/runbook/step';
import { setStackProperties } from '../../../workflows/steps/stack-properties';
import type { SetStackProperties } from '../../../workflows/steps/stack-properties';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { isRepeated, lookAgain } from '../pace';
import { lookTwice, noteMet } from '../unsettled';
import { applyParameter } from './change-set';
import { nameNestedStack } from './guard';
import { hasProperties, withProperties } from './properties';
import { findNestedStacks, findStack, isBusy, isUpdatable, parameterOf } from './stack';

type Output = { readonly properties: string };

/** [B §9.2, §9.3, §13.1 #9] */
export function setStackPropertiesImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<SetStackProperties, Output>(setStackProperties, {
    actions: [
      'cloudformation:DescribeStacks',
      'cloudformation:ListStackResources',
      'cloudformation:CreateChangeSet',
      'cloudformation:DescribeChangeSet',
      'cloudformation:ExecuteChangeSet',
      'cloudformation:DeleteChangeSet',
    ],

    async check(input) {
      const stack = await findStack(dependencies, input.region, input.stack);
      const now = stack === undefined ? undefined : parameterOf(stack, input.parameter);
      const done = stack !== undefined && isUpdatable(stack) && hasAll(stack, input);
      const nested =
        done || stack === undefined
          ? undefined
          : await findNestedStacks(dependencies, input.region, input.stack);
      const wanted = withProperties(now ?? '', input.set);
      const call = { service: 'cloudformation', region: input.region, target: input.stack };
      return {
        state: done ? 'done' : 'needed',
        before: { properties: now ?? null },
        calls: done
          ? []
          : [
              { ...call, action: 'CreateChangeSet', parameters: { [input.parameter]: wanted } },
              {
                ...call,
                action: 'ExecuteChangeSet',
                parameters: { unless: 'it replaces or removes data' },
              },
            ],
        problems: done ? [] : problemsOf(input, stack, nested ?? []),
        output: { properties: wanted },
        undo: 'give the parameter its former value, the same way',
        material: { wanted },
      };
    },

    async run(input, context) {
      const stack = await existing(dependencies, input);
      const now = parameterOf(stack, input.parameter) ?? '';
      const wanted = withProperties(now, input.set);
      if (!hasProperties(now, input.set)) {
        await applyParameter(dependencies, { ...input, value: wanted }, context);
      }
      return { properties: wanted };
    },

    async verify(input, _output, context) {
      const stack = await settled(dependencies, input, context, (found) => hasAll(found, input));
      const now = parameterOf(stack, input.parameter) ?? '';
      if (!hasAll(stack, input)) {
        throw terminal(
          `stack ${input.stack} in ${input.region} is ${stack.StackStatus ?? 'unknown'}, but ${input.parameter} is ` +
            `"${now}". Somebody changed it; find out who, then retry.`,
        );
      }
      return { output: { properties: now }, facts: { status: stack.StackStatus ?? null, properties: now } };
    },

    async undo(input, { before, output }, context) {
      const former = before.properties;
      const stack = await findStack(dependencies, input.region, input.stack);
      if (stack === undefined || typeof former !== 'string') return { changed: false, facts: {} };
      const now = parameterOf(stack, input.parameter) ?? '';
      const absent = now === former && !isBusy(stack);
      if (absent && output === undefined) lookTwice(dependencies.aws, `an update of ${input.stack}`);
      if (absent) return { changed: isRepeated(), facts: { properties: now } };
      noteMet();
      await applyParameter(dependencies, { ...input, value: former }, context);
      await settled(dependencies, input, context, (found) => parameterOf(found, input.parameter) === former);
      return { changed: true, facts: { properties: former } };
    },
  });
}

function hasAll(stack: Stack, { parameter, set }: SetStackProperties): boolean {
  const now = parameterOf(stack, parameter);
  return now !== undefined && hasProperties(now, set);
}

/**
 * The stack when its update is over and went well. One that was rolled back, or imported into, and is as wanted was so
 * before, and needed no update.
 */
async function settled(
  dependencies: Dependencies,
  input: SetStackProperties,
  context: StepContext,
  isAsWanted: (stack: Stack) => boolean,
): Promise<Stack> {
  const stack = await existing(dependencies, input);
  const status = stack.StackStatus ?? 'unknown';
  if (isBusy(stack)) throw lookAgain(`stack ${input.stack} is ${status}`, context);
  if (status === 'UPDATE_COMPLETE' || status === 'CREATE_COMPLETE') return stack;
  if (isUpdatable(stack) && isAsWanted(stack)) return stack;
  throw needsPerson(
    `stack ${input.stack} in ${input.region} is ${status}: ${stack.StackStatusReason ?? 'no reason given'}. ` +
      'Look at its events; bring it to a complete state (ContinueUpdateRollback where the rollback failed), then retry.',
  );
}

async function existing(dependencies: Dependencies, input: SetStackProperties): Promise<Stack> {
  const stack = await findStack(dependencies, input.region, input.stack);
  if (stack !== undefined) return stack;
  throw terminal(`there is no stack ${input.stack} in ${input.region}. Correct the estate.`);
}

/**
 * Without the property Bitbucket starts all the same, and does not repair what differs between database and home
 * [B §8]: unpleasant, but people may prefer it to no Bitbucket at all.
 */
const OR_WITHOUT =
  'Or consent: the step then waits or asks; when it asks, set the property in bitbucket.properties by hand, and skip it.';

function problemsOf(
  input: SetStackProperties,
  stack: Stack | undefined,
  nested: readonly string[],
): Problem[] {
  const what = `Stack ${input.stack} in ${input.region}`;
  if (stack === undefined) {
    return [
      {
        code: 'stackNotFound',
        message: `${what} does not exist.`,
        remedy: `Correct the stack in the estate. ${OR_WITHOUT}`,
        consent: 'propertiesByHand',
      },
    ];
  }
  const status = stack.StackStatus ?? 'unknown';
  const problems: Problem[] = [];
  if (isBusy(stack)) {
    problems.push({
      code: 'stackBusy',
      message: `${what} is ${status}; it takes no other update until that is over.`,
      remedy: `Wait until it is complete. ${OR_WITHOUT}`,
      consent: 'propertiesByHand',
    });
  } else if (!isUpdatable(stack)) {
    problems.push({
      code: 'stackNotUpdatable',
      message: `${what} is ${status}: ${stack.StackStatusReason ?? 'no reason given'}.`,
      remedy: `Bring it to a complete state, for example with ContinueUpdateRollback. ${OR_WITHOUT}`,
      consent: 'propertiesByHand',
    });
  }
  if (nested.length > 0) {
    problems.push({
      code: 'stackHasNested',
      message:
        `${what} has nested stacks (${nested.join(', ')}). What an update would replace inside of them cannot be ` +
        'seen, so it would not be made.',
      remedy: `${nameNestedStack(input.parameter)} ${OR_WITHOUT}`,
      consent: 'propertiesByHand',
    });
  }
  if (parameterOf(stack, input.parameter) === undefined) {
    problems.push({
      code: 'stackParameterNotFound',
      message: `${what} has no parameter ${input.parameter}.`,
      remedy: `Correct propertiesParameter in the estate. ${OR_WITHOUT}`,
      consent: 'propertiesByHand',
    });
  }
  return problems;
}
