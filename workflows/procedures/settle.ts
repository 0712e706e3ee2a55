import type { Instance, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import type { RunningNodes } from '../steps/nodes';
import { checkMirrors, verifyService } from '../steps/service';
import { rebuildIndex } from './rebuild-index';

/** The rebuild of the search index, the mirrors, and the proof of service as users meet it. */
export async function settle<Input>(
  run: Run<Input, Instance, Settings>,
  site: Site,
  first: RunningNodes,
  count: number,
): Promise<void> {
  await rebuildIndex(run, site, first);
  await proveService(run, site, first, count);
}

/** The mirrors, and the proof of service as users meet it. */
export async function proveService<Input>(
  run: Run<Input, Instance, Settings>,
  site: Site,
  { nodes: [first] }: RunningNodes,
  count: number,
): Promise<void> {
  const { url, dns, credentials, probeRepository: repository, mirrors } = run.subject;
  const { administrator, probe } = credentials;
  const node = `http://${first?.address ?? ''}:${site.nodes.port}`;
  if (mirrors.length > 0) await run.step(checkMirrors, { url: node, administrator, mirrors });
  await run.step(verifyService, {
    url,
    dns,
    region: site.region,
    autoScalingGroup: site.nodes.autoScalingGroup,
    port: site.nodes.port,
    count,
    probe,
    administrator,
    repository,
  });
}
