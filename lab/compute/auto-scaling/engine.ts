import type { Balancers } from '../../balancer/balancers';
import type { XmlNode } from '../../gateway/reply';
import { children, text } from '../../gateway/reply';
import type { ComputeContext } from '../context';
import { DURATIONS } from '../context';
import type { Instances } from '../instances';
import { begin, chooseSurplus, counted, end } from './group';
import type { Activity, Group, GroupInstance } from './group';

/** Brings each group to what it wants, over virtual time, as Auto Scaling does [A §7, gap A1]. */
export class Engine {
  readonly groups = new Map<string, Group>();

  constructor(
    private readonly context: ComputeContext,
    private readonly instances: Instances,
    private readonly balancers: Balancers,
  ) {
    instances.onTerminated((instanceId) => this.lost(instanceId));
  }

  find(region: string, name: string): Group | undefined {
    return this.groups.get(`${region}/${name}`);
  }

  add(group: Group): void {
    this.groups.set(`${group.region}/${group.name}`, group);
    this.context.schedule.run(`health checks of ${group.name}`, () => this.watch(group));
    this.reconcile(group);
  }

  remove(group: Group): void {
    this.groups.delete(`${group.region}/${group.name}`);
  }

  /** Starts and ends instances until as many are counted as are desired; suspended processes do nothing. */
  reconcile(group: Group): void {
    if (this.find(group.region, group.name) !== group || this.context.schedule.isDown(group.region)) return;
    const missing = group.desired - counted(group).length - group.launching;
    if (!group.suspended.has('Launch') && !group.deleting)
      for (let number = 0; number < missing; number += 1) this.launch(group);
    if (!group.suspended.has('Terminate'))
      for (const instance of chooseSurplus(group))
        this.terminate(
          group,
          instance,
          'an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity.',
        );
  }

  terminate(group: Group, instance: GroupInstance, cause: string): Activity {
    const activity = begin(group, `Terminating EC2 instance: ${instance.instanceId}`, cause);
    instance.lifecycle = 'Terminating';
    this.context.schedule.run(`end of ${instance.instanceId}`, async () => {
      await this.context.schedule.powered(group.region);
      await this.leaveBalancers(group, instance, activity);
      await this.context.emulator.query(this.ec2(group), 'TerminateInstances', {
        'InstanceId.1': instance.instanceId,
      });
      await this.instances.terminate(instance.instanceId);
      group.instances.delete(instance.instanceId);
      end(activity);
      this.reconcile(group);
    });
    return activity;
  }

  enterStandby(group: Group, instance: GroupInstance): Activity {
    const cause = 'instance was moved to standby in response to a user request.';
    const activity = begin(group, `Moving EC2 instance to Standby: ${instance.instanceId}`, cause);
    instance.lifecycle = 'EnteringStandby';
    this.context.schedule.run(`standby of ${instance.instanceId}`, async () => {
      await this.context.schedule.pause(group.region, DURATIONS.groupStandby);
      await this.leaveBalancers(group, instance, activity);
      if (instance.lifecycle === 'EnteringStandby') instance.lifecycle = 'Standby';
      end(activity);
    });
    return activity;
  }

  exitStandby(group: Group, instance: GroupInstance): Activity {
    const cause = 'instance was moved out of standby in response to a user request.';
    const activity = begin(group, `Moving EC2 instance out of Standby: ${instance.instanceId}`, cause);
    instance.lifecycle = 'Pending';
    this.context.schedule.run(`return of ${instance.instanceId}`, async () => {
      await this.context.schedule.pause(group.region, DURATIONS.groupStandby);
      this.enterService(group, instance);
      end(activity);
    });
    return activity;
  }

  /** Puts the instances of a group into the load balancers that it got, or takes them out of one that it lost. */
  changeBalancers(group: Group, names: readonly string[]): void {
    const lost = group.loadBalancers.filter((name) => !names.includes(name));
    group.loadBalancers = names;
    for (const { instanceId, lifecycle } of group.instances.values()) {
      if (lifecycle === 'InService') this.joinBalancers(group, instanceId);
      for (const name of lost) void this.deregister(group, name, instanceId);
    }
  }

  detach(group: Group, instance: GroupInstance): Activity {
    const cause = 'instance was detached in response to a user request.';
    const activity = begin(group, `Detaching EC2 instance: ${instance.instanceId}`, cause);
    instance.lifecycle = 'Detaching';
    this.context.schedule.run(`detachment of ${instance.instanceId}`, async () => {
      await this.leaveBalancers(group, instance, activity);
      group.instances.delete(instance.instanceId);
      end(activity);
    });
    return activity;
  }

  private launch(group: Group): void {
    const cause =
      'an instance was started in response to a difference between desired and actual capacity, increasing the capacity.';
    const activity = begin(group, 'Launching a new EC2 instance', cause);
    group.launching += 1;
    this.context.schedule.run(`launch for ${group.name}`, async () => {
      let instance: GroupInstance;
      try {
        instance = await this.startInstance(group);
      } catch (error) {
        end(activity, error instanceof Error ? error.message : String(error));
        return this.retryLater(group);
      } finally {
        group.launching -= 1;
      }
      Object.assign(activity, { description: `Launching a new EC2 instance: ${instance.instanceId}` });
      const { instanceId } = instance;
      const running = this.instances.launch({
        instanceId,
        region: group.region,
        role: 'node',
        group: group.name,
      });
      try {
        await Promise.all([running, this.context.schedule.pause(group.region, DURATIONS.groupLaunch)]);
      } catch (error) {
        end(activity, error instanceof Error ? error.message : String(error));
        this.terminate(group, instance, 'an instance was taken out of service because it failed to launch.');
        throw error;
      }
      this.enterService(group, instance);
      end(activity);
    });
  }

  /** Creates the instance in the emulator, in the zone of the group that has the fewest. */
  private async startInstance(group: Group): Promise<GroupInstance> {
    const reply = await this.context.emulator.query(this.ec2(group), 'RunInstances', {
      MinCount: '1',
      MaxCount: '1',
      ...(await this.launchMembers(group)),
      ...placement(group),
      'TagSpecification.1.ResourceType': 'instance',
      ...(await this.tagMembers(group)),
    });
    const [item] = children(reply, 'instancesSet', 'item');
    if (item === undefined) throw new Error('the emulator started no instance');
    const instance: GroupInstance = {
      instanceId: text(item, 'instanceId'),
      zone: text(item, 'placement', 'availabilityZone'),
      launchedFrom: group.source,
      lifecycle: 'Pending',
      healthy: true,
      protected: group.newInstancesProtected,
      healthCountsFrom: Infinity,
    };
    group.instances.set(instance.instanceId, instance);
    return instance;
  }

  private async launchMembers(group: Group): Promise<Readonly<Record<string, string>>> {
    const { configuration, template } = group.source;
    if (template !== undefined) {
      const { id, name, version } = template;
      return {
        ...(id === undefined ? {} : { 'LaunchTemplate.LaunchTemplateId': id }),
        ...(name === undefined ? {} : { 'LaunchTemplate.LaunchTemplateName': name }),
        ...(version === undefined ? {} : { 'LaunchTemplate.Version': version }),
      };
    }
    const target = { service: 'autoscaling', region: group.region, account: group.account };
    const found = await this.context.emulator.query(target, 'DescribeLaunchConfigurations', {
      'LaunchConfigurationNames.member.1': configuration ?? '',
    });
    const [launch] = children(found, 'LaunchConfigurations', 'member');
    if (launch === undefined) throw new Error(`there is no launch configuration ${configuration ?? ''}`);
    return { ImageId: text(launch, 'ImageId'), InstanceType: text(launch, 'InstanceType') };
  }

  private async tagMembers(group: Group): Promise<Readonly<Record<string, string>>> {
    const target = { service: 'autoscaling', region: group.region, account: group.account };
    const found = await this.context.emulator.query(target, 'DescribeAutoScalingGroups', {
      'AutoScalingGroupNames.member.1': group.name,
    });
    const propagated = children(found, 'AutoScalingGroups', 'member', 'Tags', 'member').filter(
      (tag) => text(tag, 'PropagateAtLaunch') === 'true',
    );
    const tags: readonly XmlNode[] = [{ Key: 'aws:autoscaling:groupName', Value: group.name }, ...propagated];
    const members = tags.flatMap((tag, index) => [
      [`TagSpecification.1.Tag.${index + 1}.Key`, text(tag, 'Key')] as const,
      [`TagSpecification.1.Tag.${index + 1}.Value`, text(tag, 'Value')] as const,
    ]);
    return Object.fromEntries(members);
  }

  private enterService(group: Group, instance: GroupInstance): void {
    if (instance.lifecycle !== 'Pending') return;
    instance.lifecycle = 'InService';
    instance.healthCountsFrom = this.context.schedule.clock.now() + group.graceSeconds * 1000;
    this.joinBalancers(group, instance.instanceId);
    this.reconcile(group);
  }

  private joinBalancers(group: Group, instanceId: string): void {
    if (group.suspended.has('AddToLoadBalancer')) return;
    for (const name of group.loadBalancers) {
      this.balancers.get(group.region, name)?.members.register(instanceId);
    }
  }

  private async leaveBalancers(group: Group, instance: GroupInstance, activity: Activity): Promise<void> {
    activity.status = 'WaitingForELBConnectionDraining';
    const all = group.loadBalancers.map((name) => this.deregister(group, name, instance.instanceId));
    await Promise.all(all);
    activity.status = 'InProgress';
  }

  private async deregister(group: Group, name: string, instanceId: string): Promise<void> {
    const balancer = this.balancers.get(group.region, name);
    await balancer?.members.deregister(instanceId, balancer.drainSeconds);
  }

  /** An instance was terminated; by somebody else, if it is still one of a group's. */
  private lost(instanceId: string): void {
    for (const group of this.groups.values()) {
      const instance = group.instances.get(instanceId);
      if (instance === undefined || instance.lifecycle === 'Terminating') continue;
      const cause =
        'an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.';
      this.terminate(group, instance, cause);
    }
  }

  private retryLater(group: Group): void {
    this.context.schedule.run(`next attempt of ${group.name}`, async () => {
      await this.context.schedule.pause(group.region, DURATIONS.groupRetry);
      this.reconcile(group);
    });
  }

  /** Replaces what is unhealthy, and makes up for changes that came while the region had no power. */
  private async watch(group: Group): Promise<void> {
    while (this.find(group.region, group.name) === group) {
      await this.context.schedule.pause(group.region, DURATIONS.groupHealthCheck);
      if (!group.suspended.has('HealthCheck') && group.healthCheckType.includes('ELB')) this.judge(group);
      if (!group.suspended.has('ReplaceUnhealthy') && !group.suspended.has('Terminate'))
        for (const instance of counted(group))
          if (!instance.healthy)
            this.terminate(
              group,
              instance,
              'an instance was taken out of service in response to a failed health check.',
            );
      this.reconcile(group);
    }
  }

  private judge(group: Group): void {
    const now = this.context.schedule.clock.now();
    for (const instance of group.instances.values()) {
      if (instance.lifecycle !== 'InService' || now < instance.healthCountsFrom) continue;
      const members = group.loadBalancers.map((name) =>
        this.balancers.get(group.region, name)?.members.get(instance.instanceId),
      );
      if (members.some((member) => member !== undefined && !member.draining && !member.inService))
        instance.healthy = false;
    }
  }

  private ec2(group: Group): { readonly service: string; readonly region: string; readonly account: string } {
    return { service: 'ec2', region: group.region, account: group.account };
  }
}

function placement(group: Group): Readonly<Record<string, string>> {
  const count = (zone: string): number => counted(group).filter((each) => each.zone === zone).length;
  const [subnet] = group.subnets.slice(counted(group).length % Math.max(1, group.subnets.length));
  if (subnet !== undefined) return { SubnetId: subnet };
  const [zone] = [...group.zones].sort((a, b) => count(a) - count(b));
  return zone === undefined ? {} : { 'Placement.AvailabilityZone': zone };
}
