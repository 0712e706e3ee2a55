import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '../world/world';

/**
 * What nobody means to do: a clean-up script runs in the wrong directory and deletes every git repository of the shared
 * home. Database and nodes know nothing of it. @returns how many there were
 */
export async function eraseRepositories(world: World): Promise<number> {
  const directory = join(world.homeDirectory, 'data', 'repositories');
  const repositories = await readdir(directory);
  await Promise.all(
    repositories.map((name) => rm(join(directory, name), { recursive: true, force: true, maxRetries: 5 })),
  );
  return repositories.length;
}
