import type { Site } from '../../workflows/plan/instance';
import type { Observed } from '../../workflows/runbook/observed';
import type { Dependencies } from '../dependencies';
import { findGroup, launchesOf } from './auto-scaling/group';
import { findInstances } from './ec2/find-instances';
import { NothingKnown, observe } from './observe';
import { findDatabaseGroups, rulesOf } from './rds/database-rules';

interface NodeFacts {
  /** Instances that run or may still run: members of the group, and those that EC2 knows as started by it. */
  readonly running: number;
  /** How the group is open to start more, e.g. `desired 2, Launch active`; null when it will start none. */
  readonly launches: string | null;
}

/** What AWS tells about a fence. */
export interface FenceFacts {
  readonly nodes: Observed<NodeFacts>;
  /** Whether any ingress rule is left on the security groups of the database. */
  readonly databaseOpen: Observed<boolean>;
}

export async function lookAtFence(dependencies: Dependencies, site: Site): Promise<FenceFacts> {
  const { region } = site;
  const [nodes, databaseOpen] = await Promise.all([
    observe(() => lookAtNodes(dependencies, site)),
    observe(async () => {
      const groups = await findDatabaseGroups(dependencies, { region, databaseId: site.database.id });
      if (groups === undefined)
        throw new NothingKnown(`there is no database ${site.database.id} in ${region}`);
      if (groups.length === 0) throw new NothingKnown(`database ${site.database.id} uses no security group`);
      return Object.keys(rulesOf(groups)).length > 0;
    }),
  ]);
  return { nodes, databaseOpen };
}

async function lookAtNodes(dependencies: Dependencies, site: Site): Promise<NodeFacts> {
  const { region } = site;
  const { autoScalingGroup } = site.nodes;
  const [group, instances] = await Promise.all([
    findGroup(dependencies, { region, autoScalingGroup }),
    findInstances(dependencies, region, `instances of ${autoScalingGroup}`, {
      Filters: [
        { Name: 'tag:aws:autoscaling:groupName', Values: [autoScalingGroup] },
        { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'shutting-down'] },
      ],
    }),
  ]);
  if (group === undefined) {
    throw new NothingKnown(`there is no Auto Scaling group ${autoScalingGroup} in ${region}`);
  }
  const ids = [...(group.Instances ?? []), ...instances].map((one) => one.InstanceId ?? '');
  return { running: new Set(ids).size, launches: launchesOf(group) };
}
