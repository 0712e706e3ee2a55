import {
  DescribeInstanceHealthCommand,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';

import { admitUsers } from '../../../workflows/steps/restore';
import type { AdmitUsers } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { lookAgain } from '../pace';
import { findGroup, resume, suspendedOf } from './group';
import { ADD_TO_BALANCER } from './keep-users-out';

type Output = { readonly nodes: readonly string[] };

/** [B §13.5 #11] What started while the process was suspended is registered here: AWS does not do that afterwards. */
export function admitUsersImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<AdmitUsers, Output>(admitUsers, {
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:ResumeProcesses',
      'elasticloadbalancing:RegisterInstancesWithLoadBalancer',
      'elasticloadbalancing:DescribeInstanceHealth',
    ],

    async check(input) {
      const { region } = input;
      return {
        state: 'needed',
        before: {},
        calls: [
          {
            service: 'autoscaling',
            action: 'ResumeProcesses',
            region,
            target: input.autoScalingGroup,
            parameters: { ScalingProcesses: ADD_TO_BALANCER },
          },
          {
            service: 'elasticloadbalancing',
            action: 'RegisterInstancesWithLoadBalancer',
            region,
            target: input.loadBalancer,
          },
        ],
        problems: [],
        output: { nodes: [] },
        material: { loadBalancer: input.loadBalancer },
      };
    },

    async run(input, { pace }) {
      const group = await existing(dependencies, input);
      // First: of what starts from now on the group takes care itself.
      if (suspendedOf(group).includes(ADD_TO_BALANCER)) {
        await resume(dependencies, { ...input, pace }, [ADD_TO_BALANCER]);
      }
      const nodes = inService(group);
      if (nodes.length > 0) {
        await askAws(
          { doing: 'register nodes with', resource: balancer(input), region: input.region, pace },
          () =>
            dependencies.aws.elb(input.region).send(
              new RegisterInstancesWithLoadBalancerCommand({
                LoadBalancerName: input.loadBalancer,
                Instances: nodes.map((InstanceId) => ({ InstanceId })),
              }),
            ),
        );
      }
      return { nodes };
    },

    async verify(input, _output, context) {
      const nodes = inService(await existing(dependencies, input));
      const reply = await askAws(
        { doing: 'read the health of', resource: balancer(input), region: input.region },
        () =>
          dependencies.aws
            .elb(input.region)
            .send(new DescribeInstanceHealthCommand({ LoadBalancerName: input.loadBalancer })),
      );
      const states = new Map((reply.InstanceStates ?? []).map((one) => [one.InstanceId, one.State]));
      const waiting = nodes.filter((id) => states.get(id) !== 'InService');
      if (nodes.length === 0 || waiting.length > 0) {
        const shown = waiting.map((id) => `${id} ${states.get(id) ?? 'not registered'}`).join(', ');
        throw lookAgain(`${input.loadBalancer}: ${shown || 'no node is in service'}`, context);
      }
      return { output: { nodes }, facts: { nodes: nodes.join(', '), loadBalancer: input.loadBalancer } };
    },
  });
}

function inService(group: AutoScalingGroup): readonly string[] {
  return (group.Instances ?? [])
    .filter(({ LifecycleState }) => LifecycleState === 'InService')
    .flatMap(({ InstanceId }) => InstanceId ?? []);
}

function balancer({ loadBalancer }: AdmitUsers): string {
  return `load balancer ${loadBalancer}`;
}

async function existing(dependencies: Dependencies, input: AdmitUsers): Promise<AutoScalingGroup> {
  const group = await findGroup(dependencies, input);
  if (group !== undefined) return group;
  throw terminal(
    `there is no Auto Scaling group ${input.autoScalingGroup} in ${input.region}. Correct the estate.`,
  );
}
