import type { Site } from '../../workflows/plan/instance';
import type { Observed } from '../../workflows/runbook/observed';
import type { Dependencies } from '../dependencies';
import { findGroup } from './auto-scaling/group';
import { findInstances } from './ec2/find-instances';
import { NothingKnown, observe } from './observe';
import { findDatabaseGroups, rulesOf } from './rds/database-rules';

/** What AWS tells about a fence. */
export interface FenceFacts {
  /** Instances that run or may still run: members of the group, and those that EC2 knows as started by it. */
  readonly instancesRunning: Observed<number>;
  /** Whether any ingress rule is left on the security groups of the database. */
  readonly databaseOpen: Observed<boolean>;
}

export async function lookAtFence(dependencies: Dependencies, site: Site): Promise<FenceFacts> {
  const { region } = site;
  const [instancesRunning, databaseOpen] = await Promise.all([
    observe(() => countInstances(dependencies, site)),
    observe(async () => {
      const groups = await findDatabaseGroups(dependencies, { region, databaseId: site.database.id });
      if (groups === undefined)
        throw new NothingKnown(`there is no database ${site.database.id} in ${region}`);
      if (groups.length === 0) throw new NothingKnown(`database ${site.database.id} uses no security group`);
      return Object.keys(rulesOf(groups)).length > 0;
    }),
  ]);
  return { instancesRunning, databaseOpen };
}

async function countInstances(dependencies: Dependencies, site: Site): Promise<number> {
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
  return new Set(ids).size;
}
