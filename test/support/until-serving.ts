import { TerminateInstanceInAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import type { FailoverBench } from './failover-bench';
import { until } from './until';

/**
 * Until users are served at the primary site. A node that booted while its database was down stays broken, and the group,
 * which asks EC2 alone, keeps it: it is ended here, as an operator has to.
 */
export async function untilServing(bench: FailoverBench, seconds = 90): Promise<void> {
  const ended = new Set<string>();
  await until(
    'the primary to serve again',
    async () => {
      const { acceptsWrites, database, nodes } = (await bench.world.probe()).primary;
      if (acceptsWrites) return true;
      if (database !== 'writable') return undefined;
      for (const { id } of nodes.filter((node) => node.state === 'ERROR' && !ended.has(node.id))) {
        ended.add(id);
        await bench.aws.primary.autoScaling.send(
          new TerminateInstanceInAutoScalingGroupCommand({
            ...{ InstanceId: id, ShouldDecrementDesiredCapacity: false },
          }),
        );
      }
      return undefined;
    },
    seconds,
  );
}
