import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Path of one of our own programs, compiled, e.g. `programPath('lab/bitbucket/main')`. Programs always run from
 * `dist/`, also when the caller is a test that runs from the sources.
 * @throws Error naming the build command when it is not there
 */
export function programPath(program: string): string {
  const path = join(packageRoot(), 'dist', `${program}.js`);
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run build\` first`);
  return path;
}

/** Directory that holds package.json. */
export function packageRoot(): string {
  for (let directory = __dirname; ; directory = join(directory, '..')) {
    if (existsSync(join(directory, 'package.json'))) return directory;
  }
}
