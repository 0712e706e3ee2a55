import type { Instance, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import { startNode } from '../steps/nodes';
import type { RunningNodes } from '../steps/nodes';
import { smokeTest } from '../steps/service';
import type { SmokeTested } from '../steps/service';

type AnyRun<Input> = Run<Input, Instance, Settings>;

/** Where nodes are started. */
interface NodePlace {
  readonly region: string;
  readonly nodes: Pick<Site['nodes'], 'autoScalingGroup' | 'port'>;
}

/** How nodes are started; see `StartNode`. */
export interface StartOptions {
  readonly afterStop?: boolean;
}

/** One node, a cluster of one. */
export function startFirstNode<Input>(
  run: AnyRun<Input>,
  site: NodePlace,
  options: StartOptions = {},
): Promise<RunningNodes> {
  return startNodeNumber(run, site, 1, options);
}

/** Signs in, clones and pushes at the first node, before any user comes. */
export async function testFirstNode<Input>(
  run: AnyRun<Input>,
  site: NodePlace,
  { nodes: [first] }: RunningNodes,
  options: { readonly discarded?: boolean } = {},
): Promise<SmokeTested> {
  const { credentials, probeRepository: repository } = run.subject;
  return run.step(smokeTest, {
    url: `http://${first?.address ?? ''}:${site.nodes.port}`,
    probe: credentials.probe,
    administrator: credentials.administrator,
    repository,
    ...options,
  });
}

/** One at a time, each must be seen by all the others. */
export async function startOtherNodes<Input>(
  run: AnyRun<Input>,
  site: Site,
  wanted: number,
  options: StartOptions = {},
): Promise<void> {
  for (let count = 2; count <= wanted; count += 1) await startNodeNumber(run, site, count, options);
}

function startNodeNumber<Input>(
  run: AnyRun<Input>,
  site: NodePlace,
  count: number,
  options: StartOptions,
): Promise<RunningNodes> {
  const { region, nodes } = site;
  const { administrator } = run.subject.credentials;
  return run.step(
    startNode,
    { region, autoScalingGroup: nodes.autoScalingGroup, count, port: nodes.port, administrator, ...options },
    { id: `startNode.${count}`, title: count === 1 ? 'Start the first node' : `Start node ${count}` },
  );
}
