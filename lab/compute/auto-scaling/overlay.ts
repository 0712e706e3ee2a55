import { AwsFault } from '../../gateway/overlay';
import type { AwsCall, Handler, Overlay } from '../../gateway/overlay';
import { listMembers, parameter, queryReply, withoutMembers } from '../../gateway/reply';
import { activityMembers, describeGroups, describeInstances } from './describe';
import type { Engine } from './engine';
import { chooseSurplus, PROCESSES } from './group';
import type { Group, GroupInstance, LaunchSource } from './group';

const OWN_MEMBERS = ['MinSize', 'DesiredCapacity', 'LoadBalancerNames'];

/**
 * Auto Scaling: the emulator keeps a group's configuration and tags; its sizes, instances and activities are ours
 * [A §4, §7, gap A1].
 */
export function autoScalingOverlay(engine: Engine): Overlay {
  const create: Handler = async (call, forward) => {
    const sizes = wantedSizes(call, { min: 0, max: 0, desired: undefined });
    const empty = { ...withoutMembers(call.parameters, ...OWN_MEMBERS), MinSize: '0', DesiredCapacity: '0' };
    const reply = await forward(empty);
    if (reply.status >= 400) return reply;
    engine.add({
      name: nameOf(call),
      region: call.region,
      account: call.account,
      ...sizes,
      source: launchSource(call) ?? {},
      ...places(call),
      healthCheckType: parameter(call.parameters, 'HealthCheckType') ?? 'EC2',
      graceSeconds: Number(parameter(call.parameters, 'HealthCheckGracePeriod') ?? 0),
      newInstancesProtected: parameter(call.parameters, 'NewInstancesProtectedFromScaleIn') === 'true',
      deleting: false,
      loadBalancers: listMembers(call.parameters, 'LoadBalancerNames'),
      suspended: new Set(),
      instances: new Map(),
      activities: [],
      launching: 0,
    });
    return reply;
  };

  const update: Handler = async (call, forward) => {
    const group = engine.find(call.region, nameOf(call));
    if (group === undefined) return forward();
    const sizes = wantedSizes(call, group);
    const reply = await forward(withoutMembers(call.parameters, ...OWN_MEMBERS, 'MaxSize'));
    if (reply.status >= 400) return reply;
    const given = places(call);
    Object.assign(group, sizes, {
      source: launchSource(call) ?? group.source,
      zones: given.zones.length > 0 ? given.zones : group.zones,
      subnets: given.subnets.length > 0 ? given.subnets : group.subnets,
      healthCheckType: parameter(call.parameters, 'HealthCheckType') ?? group.healthCheckType,
      graceSeconds: Number(parameter(call.parameters, 'HealthCheckGracePeriod') ?? group.graceSeconds),
    });
    engine.reconcile(group);
    return reply;
  };

  const setDesired: Handler = async (call) => {
    const group = required(engine, call);
    const desired = Number(parameter(call.parameters, 'DesiredCapacity'));
    const subject = `New SetDesiredCapacity value ${desired}`;
    if (desired > group.max)
      throw invalid(`${subject} is above max value ${group.max} for the AutoScalingGroup.`);
    if (desired < group.min)
      throw invalid(`${subject} is below min value ${group.min} for the AutoScalingGroup.`);
    group.desired = desired;
    engine.reconcile(group);
    return queryReply(call, {});
  };

  const remove: Handler = async (call, forward) => {
    const group = engine.find(call.region, nameOf(call));
    if (group === undefined) return forward();
    const force = parameter(call.parameters, 'ForceDelete') === 'true';
    if (group.instances.size > 0 && !force)
      throw new AwsFault(
        'ResourceInUse',
        `You cannot delete an AutoScalingGroup while there are instances still in the group.`,
      );
    const reply = await forward();
    if (reply.status >= 400) return reply;
    Object.assign(group, { min: 0, desired: 0, deleting: true });
    for (const instance of [...group.instances.values()])
      if (instance.lifecycle !== 'Terminating') engine.terminate(group, instance, 'the group was deleted.');
    engine.remove(group);
    return reply;
  };

  const suspend: Handler = async (call, forward) => {
    const reply = await forward();
    const group = engine.find(call.region, nameOf(call));
    if (reply.status < 400) for (const process of processes(call)) group?.suspended.add(process);
    return reply;
  };

  const resume: Handler = async (call, forward) => {
    const reply = await forward();
    const group = engine.find(call.region, nameOf(call));
    if (reply.status >= 400 || group === undefined) return reply;
    for (const process of processes(call)) group.suspended.delete(process);
    engine.reconcile(group);
    return reply;
  };

  const terminateOne: Handler = async (call) => {
    const instanceId = parameter(call.parameters, 'InstanceId') ?? '';
    const [group, instance] = managed(engine, call, instanceId);
    if (parameter(call.parameters, 'ShouldDecrementDesiredCapacity') === 'true') {
      if (group.desired - 1 < group.min)
        throw invalid(
          `Currently, desired capacity equals the minimum size of the group ${group.name}. Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
        );
      group.desired -= 1;
    }
    const cause = 'instance was taken out of service in response to a user request.';
    const [activity] =
      instance.lifecycle === 'Terminating' ? group.activities : [engine.terminate(group, instance, cause)];
    engine.reconcile(group);
    return queryReply(call, { Activity: activity && activityMembers(group, activity) });
  };

  const enterStandby: Handler = async (call) => {
    const group = required(engine, call);
    const chosen = instancesOf(call, group);
    for (const { instanceId, lifecycle } of chosen)
      if (lifecycle !== 'InService') throw invalid(`The instance ${instanceId} is not in InService.`);
    if (parameter(call.parameters, 'ShouldDecrementDesiredCapacity') === 'true') {
      if (group.desired - chosen.length < group.min)
        throw invalid(
          `AutoScalingGroup ${group.name} has min-size=${group.min}, max-size=${group.max}, and desired-size=${group.desired}. To place into standby ${chosen.length} instance${chosen.length === 1 ? '' : 's'}, please update the AutoScalingGroup sizes appropriately.`,
        );
      group.desired -= chosen.length;
    }
    const activities = chosen.map((instance) => engine.enterStandby(group, instance));
    engine.reconcile(group);
    return queryReply(call, {
      Activities: { member: activities.map((each) => activityMembers(group, each)) },
    });
  };

  const exitStandby: Handler = async (call) => {
    const group = required(engine, call);
    const chosen = instancesOf(call, group);
    for (const { instanceId, lifecycle } of chosen)
      if (lifecycle !== 'Standby') throw invalid(`The instance ${instanceId} is not in Standby.`);
    if (group.desired + chosen.length > group.max)
      throw invalid(
        `AutoScalingGroup ${group.name} has min-size=${group.min}, max-size=${group.max}, and desired-size=${group.desired}. To move ${chosen.length} out of standby, please update the AutoScalingGroup sizes appropriately.`,
      );
    group.desired += chosen.length;
    const activities = chosen.map((instance) => engine.exitStandby(group, instance));
    return queryReply(call, {
      Activities: { member: activities.map((each) => activityMembers(group, each)) },
    });
  };

  const detach: Handler = async (call) => {
    const group = required(engine, call);
    const chosen = instancesOf(call, group);
    if (parameter(call.parameters, 'ShouldDecrementDesiredCapacity') === 'true') {
      if (group.desired - chosen.length < group.min)
        throw invalid(
          `Detaching ${chosen.length} instances would violate min-size=${group.min} of ${group.name}.`,
        );
      group.desired -= chosen.length;
    }
    const activities = chosen.map((instance) => engine.detach(group, instance));
    engine.reconcile(group);
    return queryReply(call, {
      Activities: { member: activities.map((each) => activityMembers(group, each)) },
    });
  };

  const setHealth: Handler = async (call) => {
    const [, instance] = managed(engine, call, parameter(call.parameters, 'InstanceId') ?? '');
    instance.healthy = parameter(call.parameters, 'HealthStatus') === 'Healthy';
    return queryReply(call, {});
  };

  const setProtection: Handler = async (call) => {
    const group = required(engine, call);
    const isProtected = parameter(call.parameters, 'ProtectedFromScaleIn') === 'true';
    const chosen = instancesOf(call, group);
    // One refuses the call for all: github.com/guardian/riff-raff, pull request 510.
    for (const { instanceId, lifecycle } of chosen) {
      if (!['InService', 'EnteringStandby', 'Standby'].includes(lifecycle))
        throw invalid(`The instance ${instanceId} is not in InService or EnteringStandby or Standby.`);
    }
    for (const instance of chosen) instance.protected = isProtected;
    if (!isProtected && chooseSurplus(group).length > 0) engine.reconcile(group);
    return queryReply(call, {});
  };

  const attachBalancers: Handler = async (call) => {
    const group = required(engine, call);
    const names = listMembers(call.parameters, 'LoadBalancerNames');
    engine.changeBalancers(group, [...new Set([...group.loadBalancers, ...names])]);
    return queryReply(call, {});
  };

  const detachBalancers: Handler = async (call) => {
    const group = required(engine, call);
    const names = listMembers(call.parameters, 'LoadBalancerNames');
    engine.changeBalancers(
      group,
      group.loadBalancers.filter((name) => !names.includes(name)),
    );
    return queryReply(call, {});
  };

  const describeBalancers: Handler = async (call) => {
    const members = required(engine, call).loadBalancers.map((LoadBalancerName) => ({
      LoadBalancerName,
      State: 'InService',
    }));
    return queryReply(call, { LoadBalancers: { member: members } });
  };

  const describeActivities: Handler = async (call) => {
    const name = parameter(call.parameters, 'AutoScalingGroupName');
    const groups = [...engine.groups.values()].filter(
      (group) => group.region === call.region && (name === undefined || group.name === name),
    );
    const wanted = listMembers(call.parameters, 'ActivityIds');
    const members = groups.flatMap((group) =>
      group.activities
        .filter((activity) => wanted.length === 0 || wanted.includes(activity.id))
        .map((activity) => activityMembers(group, activity)),
    );
    const limit = Number(parameter(call.parameters, 'MaxRecords') ?? 100);
    return queryReply(call, { Activities: { member: members.slice(0, limit) } });
  };

  return {
    service: 'autoscaling',
    handlers: {
      CreateAutoScalingGroup: create,
      UpdateAutoScalingGroup: update,
      SetDesiredCapacity: setDesired,
      DeleteAutoScalingGroup: remove,
      SuspendProcesses: suspend,
      ResumeProcesses: resume,
      TerminateInstanceInAutoScalingGroup: terminateOne,
      EnterStandby: enterStandby,
      ExitStandby: exitStandby,
      DetachInstances: detach,
      SetInstanceHealth: setHealth,
      SetInstanceProtection: setProtection,
      AttachLoadBalancers: attachBalancers,
      DetachLoadBalancers: detachBalancers,
      DescribeLoadBalancers: describeBalancers,
      DescribeScalingActivities: describeActivities,
      DescribeAutoScalingGroups: describeGroups(engine),
      DescribeAutoScalingInstances: describeInstances(engine),
    },
  };
}

/** Sizes after a call: a desired capacity that is given must fit; one that is not is moved into the new bounds. */
function wantedSizes(
  call: AwsCall,
  before: { readonly min: number; readonly max: number; readonly desired: number | undefined },
): { readonly min: number; readonly max: number; readonly desired: number } {
  const min = Number(parameter(call.parameters, 'MinSize') ?? before.min);
  const max = Number(parameter(call.parameters, 'MaxSize') ?? before.max);
  const given = parameter(call.parameters, 'DesiredCapacity');
  if (min > max) throw invalid(`Max bound, ${max}, must be greater than or equal to min bound, ${min}`);
  if (given !== undefined && (Number(given) < min || Number(given) > max))
    throw invalid(
      `Desired capacity:${given} must be between the specified min size:${min} and max size:${max}`,
    );
  const desired = given === undefined ? (before.desired ?? min) : Number(given);
  return { min, max, desired: Math.min(max, Math.max(min, desired)) };
}

function launchSource(call: AwsCall): LaunchSource | undefined {
  const configuration = parameter(call.parameters, 'LaunchConfigurationName');
  if (configuration !== undefined) return { configuration };
  const mixed = 'MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification';
  for (const prefix of ['LaunchTemplate', mixed]) {
    const id = parameter(call.parameters, `${prefix}.LaunchTemplateId`);
    const name = parameter(call.parameters, `${prefix}.LaunchTemplateName`);
    const version = parameter(call.parameters, `${prefix}.Version`);
    if (id === undefined && name === undefined) continue;
    return {
      template: {
        ...(id === undefined ? {} : { id }),
        ...(name === undefined ? {} : { name }),
        ...(version === undefined ? {} : { version }),
      },
    };
  }
  return undefined;
}

function places(call: AwsCall): { readonly zones: readonly string[]; readonly subnets: readonly string[] } {
  const subnets = parameter(call.parameters, 'VPCZoneIdentifier') ?? '';
  return {
    zones: listMembers(call.parameters, 'AvailabilityZones'),
    subnets: subnets.split(',').filter((subnet) => subnet !== ''),
  };
}

function processes(call: AwsCall): readonly string[] {
  const given = listMembers(call.parameters, 'ScalingProcesses');
  return given.length > 0 ? given : PROCESSES;
}

function nameOf(call: AwsCall): string {
  return parameter(call.parameters, 'AutoScalingGroupName') ?? '';
}

function required(engine: Engine, call: AwsCall): Group {
  const group = engine.find(call.region, nameOf(call));
  if (group === undefined) throw invalid(`AutoScalingGroup name not found - no such group: ${nameOf(call)}`);
  return group;
}

function managed(engine: Engine, call: AwsCall, instanceId: string): readonly [Group, GroupInstance] {
  for (const group of engine.groups.values()) {
    const instance = group.region === call.region ? group.instances.get(instanceId) : undefined;
    if (instance !== undefined) return [group, instance];
  }
  throw invalid(`Instance Id not found - No managed instance found for instance ID: ${instanceId}`);
}

function instancesOf(call: AwsCall, group: Group): readonly GroupInstance[] {
  return listMembers(call.parameters, 'InstanceIds').map((id) => {
    const instance = group.instances.get(id);
    if (instance === undefined)
      throw invalid(`The instance ${id} is not part of Auto Scaling group ${group.name}.`);
    return instance;
  });
}

function invalid(message: string): AwsFault {
  return new AwsFault('ValidationError', message);
}
