import { valueOf } from '../runbook/observed';
import type { SiteFacts } from '../steps/observe-site';

interface NodePort {
  readonly nodes: { readonly port: number };
}

/** Where nodes are asked directly, past the load balancer. */
export function nodeUrls(
  { nodes: { port } }: NodePort,
  nodes: readonly { readonly address: string }[],
): readonly string[] {
  return nodes.map(({ address }) => `http://${address}:${port}`);
}

/** Of the nodes that have their database, in use or in maintenance. */
export function answeringNodeUrls(site: NodePort, facts: SiteFacts): readonly string[] {
  const nodes = valueOf(facts.nodes) ?? [];
  return nodeUrls(
    site,
    nodes.filter(({ state }) => state === 'RUNNING' || state === 'MAINTENANCE'),
  );
}
