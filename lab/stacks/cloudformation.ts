import { AwsFault } from '../gateway/overlay';
import type { AwsCall, AwsReply, Handler, Overlay } from '../gateway/overlay';
import { listMembers, parameter, queryReply } from '../gateway/reply';
import { ChangeSets } from './change-sets';
import { describeEvent, describeResource, describeStack } from './describe';
import { changeSetHandlers } from './change-set-handlers';
import { templateOf } from './template';
import { namedStack } from './named-stack';
import type { Stack } from './stack';
import type { Stacks } from './stacks';
import { changesBetween } from './template-rules';
import { requestedParameters } from './update-request';

/** CloudFormation as the runbooks use it: looking at stacks, updating them, change sets [B §9.2, §10]. */
export function cloudFormation(stacks: Stacks): Overlay {
  const changeSets = new ChangeSets(stacks);
  return {
    service: 'cloudformation',
    handlers: {
      ...readHandlers(stacks),
      ...changeSetHandlers(stacks, changeSets),
      UpdateStack: async (call) => updateStack(call, stacks, changeSets),
      CreateStack: refuse,
      DeleteStack: refuse,
    },
  };
}

function readHandlers(stacks: Stacks): Readonly<Record<string, Handler>> {
  return {
    DescribeStacks: async (call) => {
      const one = parameter(call.parameters, 'StackName') !== undefined;
      const shown = one ? [namedStack(call, stacks)] : stacks.in(call.region);
      return queryReply(call, { Stacks: { member: shown.map(describeStack) } });
    },
    ListStacks: async (call) => {
      const wanted = listMembers(call.parameters, 'StackStatusFilter');
      const shown = stacks
        .in(call.region)
        .filter((each) => wanted.length === 0 || wanted.includes(each.status));
      return queryReply(call, { StackSummaries: { member: shown.map(describeStack) } });
    },
    DescribeStackResources: async (call) => {
      const stack = stackOfResource(call, stacks);
      return queryReply(call, {
        StackResources: { member: resources(call, stack).map((each) => describeResource(stack, each)) },
      });
    },
    DescribeStackResource: async (call) => {
      const stack = namedStack(call, stacks);
      const [resource] = resources(call, stack);
      if (resource === undefined) {
        const name = parameter(call.parameters, 'LogicalResourceId') ?? '';
        throw new AwsFault(
          'ValidationError',
          `Resource ${name} does not exist for stack ${stack.definition.name}`,
        );
      }
      return queryReply(call, { StackResourceDetail: describeResource(stack, resource) });
    },
    ListStackResources: async (call) => {
      const stack = namedStack(call, stacks);
      return queryReply(call, {
        StackResourceSummaries: { member: stack.resources.map((each) => describeResource(stack, each)) },
      });
    },
    DescribeStackEvents: async (call) => {
      const stack = namedStack(call, stacks);
      const newestFirst = [...stack.events].reverse();
      return queryReply(call, {
        StackEvents: { member: newestFirst.map((each) => describeEvent(stack, each)) },
      });
    },
    GetTemplate: async (call) =>
      queryReply(call, {
        TemplateBody: JSON.stringify(templateOf(namedStack(call, stacks))),
        StagesAvailable: { member: ['Original', 'Processed'] },
      }),
    GetStackPolicy: async (call) => {
      namedStack(call, stacks);
      return queryReply(call, {});
    },
  };
}

function resources(call: AwsCall, stack: Stack): Stack['resources'] {
  const logicalId = parameter(call.parameters, 'LogicalResourceId');
  return stack.resources.filter((each) => logicalId === undefined || each.logicalId === logicalId);
}

/** By the stack's name, or by the id of something that it made. */
function stackOfResource(call: AwsCall, stacks: Stacks): Stack {
  const physicalId = parameter(call.parameters, 'PhysicalResourceId');
  if (physicalId === undefined) return namedStack(call, stacks);
  const stack = stacks
    .in(call.region)
    .find((each) => each.resources.some((resource) => resource.physicalId === physicalId));
  if (stack === undefined) throw new AwsFault('ValidationError', `Stack for ${physicalId} does not exist`);
  return stack;
}

function updateStack(call: AwsCall, stacks: Stacks, changeSets: ChangeSets): AwsReply {
  const stack = namedStack(call, stacks);
  const token = parameter(call.parameters, 'ClientRequestToken');
  if (token !== undefined && stack.tokens.has(token)) return queryReply(call, { StackId: stack.id });
  stacks.refuseWhileBusy(stack);
  const requested = requestedParameters(call, stack);
  const changes = changesBetween(stack.resources, stack.parameters, requested);
  if (changes.length === 0) throw new AwsFault('ValidationError', 'No updates are to be performed.');
  stacks.update(stack, requested, changes);
  changeSets.discardOthers(stack);
  if (token !== undefined) stack.tokens.add(token);
  return queryReply(call, { StackId: stack.id });
}

const refuse: Handler = (call) => {
  throw new AwsFault('NotImplemented', `The lab defines its stacks itself; it has no ${call.action}.`, 501);
};
