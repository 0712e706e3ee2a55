import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LabProcess } from '../world/process';
import { programPath } from '../world/program';
import { completeNodeConfig } from './node-config';
import type { NodeConfig } from './node-config';

/**
 * Starts one node as a process of its own; returns when the process runs, long before `/status` says RUNNING. SIGTERM
 * ends it in order (STOPPING, drained), which may take `drainSeconds`.
 * @param log file that its output is appended to; the configuration file is put beside it
 */
export async function startNode(config: NodeConfig, log: string): Promise<LabProcess> {
  const complete = completeNodeConfig(config);
  const file = join(dirname(log), `${complete.nodeId}.node.json`);
  await writeFile(file, JSON.stringify(complete), { mode: 0o600 });
  return LabProcess.start({
    name: `bitbucket ${complete.nodeId}`,
    command: process.execPath,
    // Small heap, few threads: many nodes share one machine.
    args: ['--max-old-space-size=128', '--max-semi-space-size=2', programPath('lab/bitbucket/main'), file],
    log,
    env: { UV_THREADPOOL_SIZE: '2' },
  });
}
