import type { Problem } from '../runbook/step';
import { describeObserved, valueOf } from '../runbook/observed';
import type { SiteFacts } from '../steps/observe-site';
import type { ServiceProbes } from '../steps/probe-service';

export interface PrimaryHealth {
  /** What each vantage point said, one line each; shown to whoever approves. */
  readonly evidence: readonly { readonly label: string; readonly value: string }[];
  readonly problems: readonly Problem[];
}

/** States that mean that users are, or will soon be, served; a body, not an HTTP code [B §2.1]. */
const SERVING: readonly string[] = ['RUNNING', 'MAINTENANCE'];

/**
 * Whether the primary is lost, from two vantage points: the public name as users see it, and the site itself through
 * AWS and its nodes. One good answer from either is enough to say that it is not.
 */
export function judgePrimary(primary: SiteFacts, probes: ServiceProbes, needed: number): PrimaryHealth {
  const states = probes.probes.map((probe) => probe.state).join(', ');
  const serving = countServing(valueOf(primary.nodes) ?? []);
  const evidence = [
    {
      label: 'public name',
      value: `${probes.consecutiveFailures} of ${probes.probes.length} probes failed in a row (${states})`,
    },
    {
      label: `nodes of ${primary.site}`,
      value: describeObserved(primary.nodes, (all) => `${serving} of ${all.length} serving`),
    },
    {
      label: `AWS in ${primary.region}`,
      value: describeObserved(primary.group, (group) => `reachable, ${group.desired} nodes wanted`),
    },
    {
      label: `database of ${primary.site}`,
      value: describeObserved(primary.database, (database) => database.status),
    },
  ];
  const alive = probes.consecutiveFailures < needed || serving > 0;
  return { evidence, problems: alive ? [primaryAnswers(primary.site, serving)] : [] };
}

/** How many nodes serve users, by the body of `/status`. */
export function countServing(nodes: readonly { readonly state: string }[]): number {
  return nodes.filter((node) => SERVING.includes(node.state)).length;
}

function primaryAnswers(site: string, serving: number): Problem {
  return {
    code: 'primaryAnswers',
    message: `The primary ${site} still answers (${serving} nodes serving); this is no disaster as far as it can be seen.`,
    remedy: 'Prefer a planned switchover. A failover now cuts off working users.',
    consent: 'primaryAlive',
  };
}
