import { TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import type { FailoverBench } from './failover-bench';
import { until } from './until';

/** Until users are served at the primary site, by itself. */
export async function untilServing({ world }: FailoverBench): Promise<void> {
  await until('the service', async () => (await world.probe()).primary.acceptsWrites || undefined, 90);
}

/**
 * The same where the site was given its nodes back while its database was down. A node that booted then stays broken, and
 * the group, which asks EC2 alone, keeps it: it is ended here, as an operator has to.
 */
export async function untilServingAgain({ world, aws }: FailoverBench, seconds: number): Promise<void> {
  const ended = new Set<string>();
  const look = async (): Promise<true | undefined> => {
    const { acceptsWrites, database, nodes } = (await world.probe()).primary;
    if (acceptsWrites) return true;
    const broken = nodes.filter(({ id, state }) => state === 'ERROR' && !ended.has(id));
    if (database !== 'writable') return undefined;
    for (const { id: InstanceId } of broken) {
      ended.add(InstanceId);
      const order = { InstanceId, ShouldDecrementDesiredCapacity: false };
      await aws.primary.autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(order));
    }
    return undefined;
  };
  await until('the primary to serve again', look, seconds);
}
