import { mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { installAll } from '../../lab/install/install-all';
import { TemporalDevServer } from '../../lab/temporal/dev-server';
import { LabNetwork } from '../../lab/world/network';

export interface SharedServer {
  readonly server: TemporalDevServer;
  readonly network: LabNetwork;
  readonly directory: string;
}

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };

/** Once per test run: the tools, one Temporal dev server for all tests, and the bundle of all workflows, the tests' own among them. */
export default async function globalSetup(): Promise<void> {
  const tools = await installAll((line) => console.error(line));
  const directory = mkdtempSync(join(tmpdir(), 'runbooks-test-'));
  const network = await LabNetwork.claim();
  const attributes = ['Instance', 'Phase', 'Awaiting', 'Outcome', 'RequestedBy'];
  const server = await TemporalDevServer.start({
    program: tools.temporal,
    address: network.services,
    uiPort: null,
    log: join(directory, 'temporal.log'),
    searchAttributes: {
      ...Object.fromEntries(attributes.map((name) => [`Runbook${name}`, 'Keyword'])),
      RunbookDryRun: 'Bool',
    },
  });
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('./toy-runbooks'),
    logger: quiet,
  });
  const bundle = join(directory, 'workflow-bundle.js');
  await writeFile(bundle, code);
  process.env['TEST_TEMPORAL_ADDRESS'] = server.address;
  process.env['TEST_BUNDLE'] = bundle;
  (globalThis as { sharedServer?: SharedServer }).sharedServer = { server, network, directory };
}
