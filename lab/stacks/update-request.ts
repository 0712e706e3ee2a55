import { AwsFault } from '../gateway/overlay';
import type { AwsCall } from '../gateway/overlay';
import { listMembers, parameter, structures } from '../gateway/reply';
import type { Stack, StackParameters } from './stack';

/**
 * The parameters that an update asks for. One that it leaves out falls back to the template's default, not to its
 * present value: only UsePreviousValue keeps that.
 * @throws AwsFault ValidationError, InsufficientCapabilitiesException
 */
export function requestedParameters(call: AwsCall, stack: Stack): StackParameters {
  const { definition } = stack;
  if (parameter(call.parameters, 'UsePreviousTemplate') !== 'true') {
    throw new AwsFault(
      'ValidationError',
      parameter(call.parameters, 'TemplateBody') === undefined &&
        parameter(call.parameters, 'TemplateURL') === undefined
        ? 'Either Template URL or Template Body must be specified.'
        : 'The lab updates its stacks with UsePreviousTemplate only.',
    );
  }
  const acknowledged = listMembers(call.parameters, 'Capabilities');
  const missing = (definition.capabilities ?? []).filter((each) => !acknowledges(acknowledged, each));
  if (missing.length > 0) {
    throw new AwsFault(
      'InsufficientCapabilitiesException',
      `Requires capabilities : [${missing.join(', ')}]`,
    );
  }

  const given = new Map(
    structures(call.parameters, 'Parameters').map((each) => [
      each.ParameterKey ?? '',
      each.UsePreviousValue === 'true' ? undefined : (each.ParameterValue ?? ''),
    ]),
  );
  const names = [
    ...new Set([...Object.keys(definition.defaults ?? {}), ...Object.keys(definition.parameters)]),
  ];
  const unknown = [...given.keys()].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new AwsFault('ValidationError', `Parameters: [${unknown.join(', ')}] do not exist in the template`);
  }
  const valueOf = (name: string): string | undefined =>
    given.has(name) ? (given.get(name) ?? stack.parameters[name]) : definition.defaults?.[name];
  const without = names.filter((name) => valueOf(name) === undefined);
  if (without.length > 0) {
    throw new AwsFault('ValidationError', `Parameters: [${without.join(', ')}] must have values`);
  }
  return Object.fromEntries(names.map((name) => [name, valueOf(name) ?? '']));
}

function acknowledges(given: readonly string[], needed: string): boolean {
  return given.includes(needed) || (needed === 'CAPABILITY_IAM' && given.includes('CAPABILITY_NAMED_IAM'));
}
