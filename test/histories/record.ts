import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { packageRoot } from '../../lab/world/program';
import { FailoverBench } from '../support/failover-bench';
import globalSetup from '../support/global-setup';
import globalTeardown from '../support/global-teardown';
import type { LiveRun } from '../support/live-run';
import { ToyBench } from '../support/toy-run';
import { ToyWorld } from '../support/toy-world';
import { BACKUP_WORLDS } from './backup-paths';
import { FAILOVER_WORLDS } from './failover-paths';
import { OTHER_WORLDS } from './other-paths';
import type { Path } from './path';
import { historyText, scrub } from './scrub';
import type { Replacements } from './scrub';
import { TOY_PATHS } from './toy-paths';

const DIRECTORY = join(packageRoot(), 'test', 'fixtures', 'histories');
/** A file that nobody would look into any more. */
const LARGEST_BYTES = 300_000;

/**
 * `npm run record-histories`: runs every path on the toy world and in the lab, and writes what Temporal kept of it.
 * `npm run record-histories -- restore` adds or replaces those of one world of `BACKUP_WORLDS` or
 * `OTHER_WORLDS`, or, by the name of its path, the one of a toy.
 */
async function main(): Promise<void> {
  const startedAt = Date.now();
  await globalSetup();
  try {
    mkdirSync(DIRECTORY, { recursive: true });
    const [only] = process.argv.slice(2);
    const recorded = [
      ...(await recordToys(only)),
      ...(only === undefined ? await recordFailovers() : []),
      ...(await recordWorlds(only)),
    ];
    if (recorded.length === 0) throw new Error(`there is no world and no path of a toy named ${only}`);
    // Only once all were made: a recording that failed leaves the former ones.
    if (only === undefined) for (const file of readdirSync(DIRECTORY)) rmSync(join(DIRECTORY, file));
    for (const { name, text } of recorded) writeFileSync(join(DIRECTORY, `${name}.json`), text);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    console.log(`${recorded.length} histories recorded in ${seconds} s`);
  } finally {
    await globalTeardown();
  }
}

interface Recorded {
  readonly name: string;
  readonly text: string;
}

async function recordToys(only: string | undefined): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = [];
  for (const path of TOY_PATHS) {
    if (only !== undefined && only !== path.name) continue;
    const bench = await ToyBench.open(new ToyWorld());
    const replacements = { [bench.instance]: 'toy' };
    try {
      recorded.push(await record(path, bench, replacements));
      if (path.name === 'toy-busy') {
        const lease = bench.client.workflow.getHandle(`lease/${bench.instance}`);
        recorded.push(await fetch('instance-lease-toy', lease, replacements));
      }
    } finally {
      await bench.close();
    }
  }
  return recorded;
}

async function recordFailovers(): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = [];
  for (const [number, paths] of FAILOVER_WORLDS.entries()) {
    const bench = await FailoverBench.open();
    const { world } = bench;
    const replacements = { [world.directory.root]: '/lab' };
    try {
      await bench.startWorker();
      for (const path of paths) recorded.push(await record(path, bench, replacements));
      const lease = bench.client.workflow.getHandle(`lease/${world.instance}`);
      recorded.push(await fetch(`instance-lease-${number + 1}`, lease, replacements));
    } finally {
      await bench.close();
    }
  }
  return recorded;
}

async function recordWorlds(only: string | undefined): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = [];
  for (const { name, options, prepare, paths } of [...BACKUP_WORLDS, ...OTHER_WORLDS]) {
    if (only !== undefined && only !== name) continue;
    const bench = await FailoverBench.open(options);
    try {
      await bench.startWorker();
      await prepare?.(bench);
      const replacements = { [bench.world.directory.root]: '/lab' };
      for (const path of paths) recorded.push(await record(path, bench, replacements));
    } finally {
      await bench.close();
    }
  }
  return recorded;
}

/** @throws Error when the run did not end as the path says: a recording of something else must not be kept */
async function record<Bench>(path: Path<Bench>, bench: Bench, replacements: Replacements): Promise<Recorded> {
  const run: LiveRun = await path.live(bench);
  if (path.outcome !== null) {
    const { outcome, conclusion } = await run.ended();
    if (outcome !== path.outcome) {
      throw new Error(`${path.name} ended ${outcome}, not ${path.outcome}: ${conclusion}`);
    }
  }
  return fetch(path.name, run.handle, replacements);
}

async function fetch(name: string, handle: WorkflowHandle, replacements: Replacements): Promise<Recorded> {
  const history = historyToJSON(await handle.fetchHistory());
  const text = historyText(scrub(JSON.parse(history) as unknown, replacements));
  if (text.length > LARGEST_BYTES) throw new Error(`${name} has ${text.length} bytes, too many to keep`);
  console.log(`${name}: ${text.split('\n').length - 3} events, ${Math.round(text.length / 1000)} KB`);
  return { name, text };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
