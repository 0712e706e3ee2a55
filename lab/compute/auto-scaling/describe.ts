import type { Handler } from '../../gateway/overlay';
import { children, listMembers, parseXml, queryReply, text } from '../../gateway/reply';
import type { Engine } from './engine';
import type { Activity, Group, GroupInstance } from './group';

/** The emulator's groups with our sizes, instances and suspended processes. */
export function describeGroups(engine: Engine): Handler {
  return async (call, forward) => {
    const reply = await forward();
    if (reply.status >= 400) return reply;
    const content = parseXml(reply.body);
    const members = children(content, 'AutoScalingGroups', 'member').map((item) => {
      const group = engine.find(call.region, text(item, 'AutoScalingGroupName'));
      if (group === undefined) return item;
      return {
        ...item,
        MinSize: group.min,
        MaxSize: group.max,
        DesiredCapacity: group.desired,
        LoadBalancerNames: { member: group.loadBalancers },
        Instances: { member: [...group.instances.values()].map(instanceMembers) },
        SuspendedProcesses: {
          member: [...group.suspended].map((ProcessName) => ({
            ProcessName,
            SuspensionReason: 'User suspended',
          })),
        },
      };
    });
    return queryReply(call, { ...content, AutoScalingGroups: { member: members } });
  };
}

export function describeInstances(engine: Engine): Handler {
  return async (call) => {
    const wanted = listMembers(call.parameters, 'InstanceIds');
    const members = [...engine.groups.values()]
      .filter((group) => group.region === call.region)
      .flatMap((group) =>
        [...group.instances.values()]
          .filter((instance) => wanted.length === 0 || wanted.includes(instance.instanceId))
          .map((instance) => ({
            ...instanceMembers(instance),
            // This operation alone writes the health in capitals.
            HealthStatus: instance.healthy ? 'HEALTHY' : 'UNHEALTHY',
            AutoScalingGroupName: group.name,
          })),
      );
    return queryReply(call, { AutoScalingInstances: { member: members } });
  };
}

export function activityMembers(group: Group, activity: Activity): object {
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: group.name,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: activity.startTime,
    EndTime: activity.endTime,
    StatusCode: activity.status,
    StatusMessage: activity.message,
    Progress: activity.endTime === undefined ? 50 : 100,
    Details: '{}',
  };
}

function instanceMembers(instance: GroupInstance): object {
  const { configuration, template } = instance.launchedFrom;
  return {
    InstanceId: instance.instanceId,
    AvailabilityZone: instance.zone,
    LifecycleState: instance.lifecycle,
    HealthStatus: instance.healthy ? 'Healthy' : 'Unhealthy',
    LaunchConfigurationName: configuration,
    LaunchTemplate: template && {
      LaunchTemplateId: template.id,
      LaunchTemplateName: template.name,
      Version: template.version,
    },
    ProtectedFromScaleIn: instance.protected,
  };
}
