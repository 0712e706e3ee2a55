import type { Instance, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import type { RunningNodes } from '../steps/nodes';
import { rebuildSearch } from '../steps/service';

/** Starts the rebuild of the search index at a node; it goes on by itself for hours. */
export async function rebuildIndex<Input>(
  run: Run<Input, Instance, Settings>,
  site: Site,
  { nodes: [first] }: RunningNodes,
  title?: string,
): Promise<void> {
  const { administrator } = run.subject.credentials;
  const url = `http://${first?.address ?? ''}:${site.nodes.port}`;
  await run.step(rebuildSearch, { url, administrator }, title === undefined ? {} : { title });
}
