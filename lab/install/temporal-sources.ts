import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { programPath } from '../world/program';
import { execute, onPath } from './execute';
import type { Report } from './tool';

/** Puts the Temporal command line of a version at `<directory>/temporal`, or throws an Error that says why not. */
export type TemporalSource = (version: string, directory: string, report: Report) => Promise<void>;

/** Where a firewall swallows packets nothing ever answers, and building is the way. */
const DOWNLOAD_SECONDS = 90;

export const download: TemporalSource = async (version, directory, report) => {
  report(`downloading the Temporal dev server ${version}`);
  const place = join(directory, 'downloading');
  mkdirSync(place, { recursive: true });
  const program = programPath('lab/install/download-temporal');
  try {
    const args = [program, place, version];
    const done = await execute(process.execPath, args, { timeoutSeconds: DOWNLOAD_SECONDS });
    if (!done.ok) throw new Error(`the download failed: ${done.complaint}`);
    renameSync(done.stdout.trim(), join(directory, 'temporal'));
  } finally {
    rmSync(place, { recursive: true });
  }
};

export const build: TemporalSource = async (version, directory, report) => {
  const go = onPath('go');
  if (go === undefined) throw new Error('Go, to build it with, is not on PATH');
  report(`building the Temporal dev server ${version} with Go (five minutes of two processors, once)`);
  const bin = join(directory, 'building');
  // Without symbols: linking is faster, and the program a third smaller.
  const args = ['install', '-ldflags=-s -w', `github.com/temporalio/cli/cmd/temporal@${version}`];
  const done = await execute(go, args, { env: { GOBIN: bin, GOFLAGS: '-mod=mod' }, timeoutSeconds: 3600 });
  if (!done.ok) throw new Error(`building with Go failed: ${done.complaint}`);
  renameSync(join(bin, 'temporal'), join(directory, 'temporal'));
  rmSync(bin, { recursive: true });
};
