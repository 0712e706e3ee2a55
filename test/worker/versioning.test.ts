import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import type { Connection, WorkflowExecutionDescription } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { LabProcess } from '../../lab/world/process';
import { packageRoot, programPath } from '../../lab/world/program';
import { runCommand } from '../support/command-line';
import { openConnection } from '../support/open-connection';
import type { OpenConnection } from '../support/open-connection';
import { until } from '../support/until';
import { buildIdOf, deploymentOptions, packageVersion } from '../../worker/version';

type Versioning = temporal.api.workflow.v1.IWorkflowExecutionVersioningInfo;

const NAMESPACE = `versioning-${process.pid}`;
const DEPLOYMENT = `deployment-${process.pid}`;
const QUEUE = 'versioned';
const ESTATE = join(__dirname, '../../estate/examples/production.yaml');
const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
const workers: LabProcess[] = [];
let directory: string;
let opened: OpenConnection;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'versioning-'));
  opened = await openConnection(address);
  connection = opened.connection;
  client = new Client({ connection, namespace: NAMESPACE });
  const environment = { TEMPORAL_NAMESPACE: NAMESPACE };
  expect((await runCommand(['setup', '--create-namespace'], { environment })).code).toBe(0);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await opened.close();
  rmSync(directory, { recursive: true, force: true });
});

async function startWorker(buildId: string, versioning: 'off' | 'pinned'): Promise<void> {
  const worker = await LabProcess.start({
    name: `worker ${buildId}`,
    command: process.execPath,
    args: ['--no-warnings', programPath('bin/runbooks'), 'worker', '--estate', ESTATE],
    log: join(directory, `${buildId}.log`),
    env: {
      ...{ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: NAMESPACE, TEMPORAL_CONFIG_FILE: '/nonexistent' },
      ...{ RUNBOOKS_TASK_QUEUE: QUEUE, RUNBOOKS_DEPLOYMENT_NAME: DEPLOYMENT },
      ...{ RUNBOOKS_BUILD_ID: buildId, RUNBOOKS_VERSIONING: versioning, RUNBOOKS_IDENTITY: buildId },
    },
  });
  workers.push(worker);
}

function makeCurrent(buildId: string): Promise<unknown> {
  return until(
    `${buildId} to be known`,
    async () =>
      connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace: NAMESPACE,
        deploymentName: DEPLOYMENT,
        buildId,
        identity: 'test',
        ignoreMissingTaskQueues: true,
      }),
    60,
  );
}

/** Ends at once, because the estate has no such instance; says on which version it ran. */
async function shortRun(workflowId: string): Promise<Versioning> {
  const handle = await client.workflow.start('drFailover', {
    workflowId,
    taskQueue: QUEUE,
    args: [{ instance: 'nowhere' }],
  });
  await expect(handle.result()).rejects.toThrow();
  return versioningOf(await handle.describe());
}

function versioningOf({ raw }: WorkflowExecutionDescription): Versioning {
  return raw.workflowExecutionInfo?.versioningInfo ?? {};
}

test('pinned runs belong to the version on which they began, and doctor says which versions serve', async () => {
  await startWorker('one', 'pinned');
  await makeCurrent('one');
  const first = await shortRun('first');
  expect(first.deploymentVersion).toMatchObject({ deploymentName: DEPLOYMENT, buildId: 'one' });
  expect(first.behavior).toBe(temporal.api.enums.v1.VersioningBehavior.VERSIONING_BEHAVIOR_PINNED);
  const lease = await client.workflow.start('instanceLease', {
    workflowId: 'lease/somewhere',
    taskQueue: QUEUE,
    args: [{ instance: 'somewhere' }],
  });
  const release = () => lease.executeUpdate('release', { args: [{ token: 0, blockSeconds: 0 }] });
  await release();
  await startWorker('two', 'pinned');
  await makeCurrent('two');
  expect((await shortRun('second')).deploymentVersion).toMatchObject({ buildId: 'two' });
  // The lease lives for ever: unless it is told to move on, the first version can never be stopped.
  await release();
  expect(versioningOf(await lease.describe()).deploymentVersion).toMatchObject({ buildId: 'one' });
  await connection.workflowService.updateWorkflowExecutionOptions({
    namespace: NAMESPACE,
    workflowExecution: { workflowId: lease.workflowId },
    workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
    updateMask: { paths: ['versioning_override'] },
  });
  await until(
    'the lease to move on',
    async () => {
      await release();
      const { deploymentVersion } = versioningOf(await lease.describe());
      return deploymentVersion?.buildId === 'two' || undefined;
    },
    60,
  );

  const said = await runCommand(['doctor', '--estate', ESTATE, '--json'], {
    environment: {
      TEMPORAL_NAMESPACE: NAMESPACE,
      RUNBOOKS_TASK_QUEUE: QUEUE,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    },
  });
  const findings = JSON.parse(said.out) as readonly { readonly name: string; readonly detail: string }[];
  const { detail = '' } = findings.find(({ name }) => name === 'worker') ?? {};
  expect(detail).toContain('one (build one, pinned)');
  expect(detail).toContain('two (build two, pinned)');
});

test('without versioning the version is told all the same, and nothing else changes', () => {
  const deployment = { name: 'runbooks', buildId: null, pinned: false };
  expect(deploymentOptions(deployment, 'x')).toEqual({
    version: { deploymentName: 'runbooks', buildId: 'x' },
    useWorkerVersioning: false,
  });
});

test('the build id is that of the workflow code', () => {
  const bundle = join(packageRoot(), 'dist/worker/workflow-bundle.js');
  expect(buildIdOf(bundle)).toMatch(new RegExp(`^${packageVersion()}-[0-9a-f]{12}$`));
  expect(buildIdOf(bundle)).toBe(buildIdOf(bundle));
});
