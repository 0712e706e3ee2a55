import type { ChangeSet } from './change-sets';
import type { ResourceChange, Stack, StackEvent, StackParameters, StackResource } from './stack';

export function describeStack(stack: Stack): object {
  const { definition } = stack;
  return {
    StackId: stack.id,
    StackName: definition.name,
    CreationTime: new Date(stack.createdAt),
    LastUpdatedTime: stack.updatedAt === undefined ? undefined : new Date(stack.updatedAt),
    StackStatus: stack.status,
    StackStatusReason: stack.statusReason,
    DisableRollback: false,
    EnableTerminationProtection: false,
    Capabilities: { member: definition.capabilities ?? [] },
    NotificationARNs: { member: [] },
    Tags: { member: [] },
    Parameters: describeParameters(stack, stack.parameters),
    Outputs: {
      member: Object.entries(definition.outputs ?? {}).map(([OutputKey, OutputValue]) => ({
        OutputKey,
        OutputValue,
      })),
    },
  };
}

function describeParameters(stack: Stack, parameters: StackParameters): object {
  const hidden = stack.definition.noEcho ?? [];
  return {
    member: Object.entries(parameters).map(([name, value]) => ({
      ParameterKey: name,
      ParameterValue: hidden.includes(name) ? '****' : value,
    })),
  };
}

export function describeResource(stack: Stack, resource: StackResource): object {
  const newest = stack.events.findLast((event) => event.resource.logicalId === resource.logicalId);
  return {
    StackId: stack.id,
    StackName: stack.definition.name,
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: resource.physicalId,
    ResourceType: resource.type,
    Timestamp: new Date(newest?.at ?? stack.createdAt),
    LastUpdatedTimestamp: new Date(newest?.at ?? stack.createdAt),
    ResourceStatus: newest?.status ?? 'CREATE_COMPLETE',
    ResourceStatusReason: newest?.reason,
  };
}

export function describeEvent(stack: Stack, event: StackEvent): object {
  return {
    StackId: stack.id,
    EventId: event.id,
    StackName: stack.definition.name,
    LogicalResourceId: event.resource.logicalId,
    PhysicalResourceId: event.resource.physicalId,
    ResourceType: event.resource.type,
    Timestamp: new Date(event.at),
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
  };
}

export function summariseChangeSet(changeSet: ChangeSet): object {
  return {
    StackId: changeSet.stack.id,
    StackName: changeSet.stack.definition.name,
    ChangeSetId: changeSet.id,
    ChangeSetName: changeSet.name,
    Description: changeSet.description,
    ExecutionStatus: changeSet.executionStatus,
    Status: changeSet.status,
    StatusReason: changeSet.statusReason,
    CreationTime: new Date(changeSet.createdAt),
    IncludeNestedStacks: false,
  };
}

export function describeChangeSet(changeSet: ChangeSet): object {
  // The changes are known only when the change set has been worked out.
  const changes = changeSet.status === 'CREATE_COMPLETE' ? changeSet.changes : [];
  return {
    ...summariseChangeSet(changeSet),
    Parameters: describeParameters(changeSet.stack, changeSet.parameters),
    NotificationARNs: { member: [] },
    Capabilities: { member: changeSet.stack.definition.capabilities ?? [] },
    Tags: { member: [] },
    Changes: { member: changes.map(describeChange) },
  };
}

function describeChange(change: ResourceChange): object {
  return {
    Type: 'Resource',
    ResourceChange: {
      Action: change.action,
      LogicalResourceId: change.resource.logicalId,
      PhysicalResourceId: change.resource.physicalId,
      ResourceType: change.resource.type,
      Replacement: change.replacement,
      Scope: { member: ['Properties'] },
      Details: {
        member: change.causes.map((cause) => ({
          Target: {
            Attribute: 'Properties',
            Name: cause.property,
            RequiresRecreation: cause.recreation,
          },
          Evaluation: ['ResourceAttribute', 'Automatic'].includes(cause.source) ? 'Dynamic' : 'Static',
          ChangeSource: cause.source,
          CausingEntity: cause.entity,
        })),
      },
    },
  };
}
