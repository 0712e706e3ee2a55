import { chmodSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where installed tools are kept between labs: `RUNBOOKS_CACHE`, else `/var/cache/bitbucket-runbooks` for root, else
 * the user's own cache. For root it must not lie in the home directory: PostgreSQL runs as another user and has to
 * read its programs.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = environment.RUNBOOKS_CACHE;
  if (chosen !== undefined && chosen !== '') return chosen;
  if (process.getuid?.() === 0) return '/var/cache/bitbucket-runbooks';
  const base = environment.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'bitbucket-runbooks');
}

/** Makes the directory, readable by everyone also under a strict umask. */
export function makeReadable(directory: string): void {
  if (mkdirSync(directory, { recursive: true, mode: 0o755 }) !== undefined) chmodSync(directory, 0o755);
}
