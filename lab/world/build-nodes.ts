import {
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
} from '@aws-sdk/client-auto-scaling';
import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  ConfigureHealthCheckCommand,
  CreateLoadBalancerCommand,
  ModifyLoadBalancerAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing';

import type { LabAws } from './aws';
import { ACCOUNT, NODE_PORT, SERVICE_PORT } from './layout';
import type { PlaceLayout, SiteLayout } from './layout';
import { need } from './until';

/** The Classic load balancer as the Quick Start makes it [B §9.2 #9]. @returns its DNS name */
export async function createLoadBalancer(aws: LabAws, layout: SiteLayout): Promise<string> {
  const name = { LoadBalancerName: layout.loadBalancer };
  const created = await aws.loadBalancing.send(
    new CreateLoadBalancerCommand({
      ...name,
      AvailabilityZones: [layout.zone],
      Listeners: [
        {
          Protocol: 'HTTP',
          LoadBalancerPort: SERVICE_PORT,
          InstanceProtocol: 'HTTP',
          InstancePort: NODE_PORT,
        },
      ],
    }),
  );
  await aws.loadBalancing.send(
    new ConfigureHealthCheckCommand({
      ...name,
      HealthCheck: {
        Target: `HTTP:${NODE_PORT}/status`,
        Interval: 30,
        Timeout: 29,
        HealthyThreshold: 2,
        UnhealthyThreshold: 2,
      },
    }),
  );
  await aws.loadBalancing.send(
    new ModifyLoadBalancerAttributesCommand({
      ...name,
      LoadBalancerAttributes: {
        ConnectionDraining: { Enabled: true, Timeout: 300 },
        CrossZoneLoadBalancing: { Enabled: true },
      },
    }),
  );
  return need(created.DNSName, 'DNSName');
}

/** The group of nodes, behind the load balancer where there is one. */
export async function createNodeGroup(
  aws: LabAws,
  layout: PlaceLayout & { readonly loadBalancer?: string },
  count: number,
): Promise<void> {
  const configuration = `${layout.stack}-launch`;
  await aws.autoScaling.send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName: configuration,
      ImageId: 'ami-0bb1bb1bb1bb1bb10',
      InstanceType: 'm5.xlarge',
    }),
  );
  await aws.autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: layout.autoScalingGroup,
      LaunchConfigurationName: configuration,
      MinSize: count,
      MaxSize: Math.max(count, 4),
      DesiredCapacity: count,
      AvailabilityZones: [layout.zone],
      ...(layout.loadBalancer === undefined ? {} : { LoadBalancerNames: [layout.loadBalancer] }),
      HealthCheckType: 'EC2',
      HealthCheckGracePeriod: 600,
      Tags: [{ Key: 'Cluster', Value: layout.stack, PropagateAtLaunch: true }],
    }),
  );
}

/** The alarms that scale the group [B §9.2 #8]. */
export async function createAlarms(aws: LabAws, layout: SiteLayout): Promise<void> {
  const policy = `arn:aws:autoscaling:${layout.region}:${ACCOUNT}:scalingPolicy:${layout.stack}`;
  await Promise.all(
    layout.alarms.map((alarm) => {
      const high = alarm.endsWith('high');
      return aws.cloudWatch.send(
        new PutMetricAlarmCommand({
          AlarmName: alarm,
          Namespace: 'AWS/EC2',
          MetricName: 'CPUUtilization',
          Dimensions: [{ Name: 'AutoScalingGroupName', Value: layout.autoScalingGroup }],
          Statistic: 'Average',
          Period: 300,
          EvaluationPeriods: high ? 1 : 6,
          Threshold: high ? 60 : 40,
          ComparisonOperator: high ? 'GreaterThanThreshold' : 'LessThanThreshold',
          ActionsEnabled: true,
          AlarmActions: [`${policy}:${high ? 'out' : 'in'}`],
        }),
      );
    }),
  );
}
