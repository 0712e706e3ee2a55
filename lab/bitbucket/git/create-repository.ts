import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { runGit } from './run';

/** A bare repository as the nodes expect it; its default branch is `main`. Repeating it changes nothing. */
export async function createRepository(directory: string): Promise<void> {
  await mkdir(dirname(directory), { recursive: true });
  await runGit(['init', '--bare', '--quiet', '--template=', '--initial-branch=main', directory]);
  // Collection of garbage would run behind the back of a push and of a copy of the volume.
  for (const [name, value] of [
    ['http.receivepack', 'true'],
    ['receive.autogc', 'false'],
    ['gc.auto', '0'],
  ] as const) {
    await runGit(['-C', directory, 'config', name, value]);
  }
}

/** Puts one commit with a README on `main` of an empty repository. Returns the commit. */
export async function createFirstCommit(directory: string, readme: string): Promise<string> {
  const blob = await runGit(['-C', directory, 'hash-object', '-w', '--stdin'], readme);
  const tree = await runGit(['-C', directory, 'mktree'], `100644 blob ${blob}\tREADME.md\n`);
  const commit = await runGit(['-C', directory, 'commit-tree', tree, '-m', 'First commit']);
  await runGit(['-C', directory, 'update-ref', 'refs/heads/main', commit]);
  return commit;
}
