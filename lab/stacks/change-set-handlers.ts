import { AwsFault } from '../gateway/overlay';
import type { AwsCall, Handler } from '../gateway/overlay';
import { parameter, queryReply } from '../gateway/reply';
import type { ChangeSet, ChangeSets } from './change-sets';
import { describeChangeSet, summariseChangeSet } from './describe';
import { namedStack } from './named-stack';
import type { Stacks } from './stacks';
import { requestedParameters } from './update-request';

export function changeSetHandlers(stacks: Stacks, changeSets: ChangeSets): Readonly<Record<string, Handler>> {
  return {
    CreateChangeSet: async (call) => {
      const stack = namedStack(call, stacks);
      const name = parameter(call.parameters, 'ChangeSetName') ?? '';
      if (!/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(name)) {
        throw new AwsFault(
          'ValidationError',
          `1 validation error detected: Value '${name}' at 'changeSetName'`,
        );
      }
      if (parameter(call.parameters, 'ChangeSetType') === 'CREATE') {
        throw new AwsFault(
          'ValidationError',
          `Stack ${stack.definition.name} already exists and cannot be created again with the changeSet ${name}.`,
        );
      }
      const changeSet = changeSets.create(stack, {
        name,
        description: parameter(call.parameters, 'Description'),
        clientToken: parameter(call.parameters, 'ClientToken'),
        parameters: requestedParameters(call, stack),
      });
      return queryReply(call, { Id: changeSet.id, StackId: stack.id });
    },

    DescribeChangeSet: async (call) => queryReply(call, describeChangeSet(existing(call, changeSets))),

    ExecuteChangeSet: async (call) => {
      const changeSet = existing(call, changeSets);
      const { tokens } = changeSet.stack;
      const token = parameter(call.parameters, 'ClientRequestToken');
      if (token === undefined || !tokens.has(token)) {
        changeSets.execute(changeSet);
        if (token !== undefined) tokens.add(token);
      }
      return queryReply(call, {});
    },

    DeleteChangeSet: async (call) => {
      const changeSet = found(call, changeSets);
      if (changeSet !== undefined) changeSets.delete(changeSet);
      return queryReply(call, {});
    },

    ListChangeSets: async (call) => {
      const listed = changeSets.of(namedStack(call, stacks));
      return queryReply(call, { Summaries: { member: listed.map(summariseChangeSet) } });
    },
  };
}

function found(call: AwsCall, changeSets: ChangeSets): ChangeSet | undefined {
  const name = parameter(call.parameters, 'ChangeSetName') ?? '';
  const stackName = parameter(call.parameters, 'StackName');
  if (stackName === undefined && !name.startsWith('arn:')) {
    throw new AwsFault(
      'ValidationError',
      'StackName must be specified if ChangeSetName is not specified as an ARN.',
    );
  }
  return changeSets.find(call.region, name, stackName);
}

function existing(call: AwsCall, changeSets: ChangeSets): ChangeSet {
  const changeSet = found(call, changeSets);
  if (changeSet === undefined) {
    const name = parameter(call.parameters, 'ChangeSetName') ?? '';
    throw new AwsFault('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, 404);
  }
  return changeSet;
}
