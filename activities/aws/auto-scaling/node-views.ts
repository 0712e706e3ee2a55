import type { Credentials } from '../../../workflows/plan/instance';
import type { Secrets } from '../../../estate/secrets';
import { BitbucketClient } from '../../bitbucket/client';
import { resolveLogin } from '../../secrets/login';

export interface Node {
  /** Instance id. */
  readonly id: string;
  readonly address: string;
}

export interface NodeState extends Node {
  /** By the body of `/status`; `none` without an answer [B §2.1]. */
  readonly state: string;
}

/** `/status` of each node, asked directly. */
export function askStates(nodes: readonly Node[], port: number): Promise<readonly NodeState[]> {
  return Promise.all(
    nodes.map(async (node) => {
      const client = new BitbucketClient({ baseUrl: `http://${node.address}:${port}`, timeoutSeconds: 5 });
      return { ...node, state: (await client.status()).state };
    }),
  );
}

/** What one node says about itself and about its cluster. */
export interface NodeView extends Node {
  readonly version: string;
  /** Ids of the cluster's nodes as this node sees them, sorted. */
  readonly sees: readonly string[];
}

/** The cluster as every node sees it: only all of them together tell a split one [B §14 #1]. */
export async function askViews(
  secrets: Secrets,
  nodes: readonly Node[],
  port: number,
  administrator: Credentials,
): Promise<readonly NodeView[]> {
  const credentials = await resolveLogin(secrets, administrator);
  return Promise.all(
    nodes.map(async (node) => {
      const client = new BitbucketClient({ baseUrl: `http://${node.address}:${port}`, credentials });
      const [cluster, properties] = await Promise.all([client.cluster(), client.applicationProperties()]);
      return { ...node, version: properties.version, sees: cluster.nodes.map((one) => one.id).sort() };
    }),
  );
}
