import { randomUUID } from 'node:crypto';
import { timestamp } from '../context';

type Lifecycle = 'Pending' | 'InService' | 'EnteringStandby' | 'Standby' | 'Terminating' | 'Detaching';

/** An instance of a group. */
export interface GroupInstance {
  readonly instanceId: string;
  readonly zone: string;
  readonly launchedFrom: LaunchSource;
  lifecycle: Lifecycle;
  healthy: boolean;
  protected: boolean;
  /** Virtual time since which its health counts. */
  healthCountsFrom: number;
}

export interface LaunchSource {
  readonly configuration?: string;
  readonly template?: { readonly id?: string; readonly name?: string; readonly version?: string };
}

/** One line of DescribeScalingActivities. */
export interface Activity {
  readonly id: string;
  readonly description: string;
  readonly cause: string;
  readonly startTime: string;
  status: 'PreInService' | 'InProgress' | 'WaitingForELBConnectionDraining' | 'Successful' | 'Failed';
  message: string | undefined;
  endTime: string | undefined;
}

/** What an Auto Scaling group wants and has. */
export interface Group {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  min: number;
  max: number;
  desired: number;
  source: LaunchSource;
  zones: readonly string[];
  subnets: readonly string[];
  healthCheckType: string;
  graceSeconds: number;
  newInstancesProtected: boolean;
  deleting: boolean;
  loadBalancers: readonly string[];
  readonly suspended: Set<string>;
  readonly instances: Map<string, GroupInstance>;
  /** Newest first. */
  readonly activities: Activity[];
  /** Launches under way that have no instance yet. */
  launching: number;
}

export const PROCESSES = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
] as const;

const KEPT_ACTIVITIES = 100;

export function begin(group: Group, description: string, cause: string): Activity {
  const activity: Activity = {
    id: randomUUID(),
    description,
    cause: `At ${timestamp()} ${cause}`,
    startTime: timestamp(),
    status: 'InProgress',
    message: undefined,
    endTime: undefined,
  };
  group.activities.unshift(activity);
  group.activities.splice(KEPT_ACTIVITIES);
  return activity;
}

export function end(activity: Activity, failure?: string): void {
  activity.status = failure === undefined ? 'Successful' : 'Failed';
  activity.message = failure;
  activity.endTime = timestamp();
}

/** Instances that count for the desired capacity. */
export function counted(group: Group): readonly GroupInstance[] {
  return [...group.instances.values()].filter(
    ({ lifecycle }) => lifecycle === 'Pending' || lifecycle === 'InService',
  );
}

/** Which instances to end first when there are too many: the unhealthy ones, then the oldest; protected ones never. */
export function chooseSurplus(group: Group): readonly GroupInstance[] {
  const surplus = counted(group).length + group.launching - group.desired;
  const candidates = counted(group).filter((instance) => !instance.protected);
  const worstFirst = [...candidates].sort((a, b) => Number(a.healthy) - Number(b.healthy));
  return surplus > 0 ? worstFirst.slice(0, surplus) : [];
}
