import { execute, onPath } from './execute';
import { ToolMissing } from './tool';

const REMEDY = 'install git 2.37 or newer (Debian, Ubuntu: `apt-get install git`)';

/** Path of git, at least 2.37 (`push.autoSetupRemote`, and the transfer rules of safe.directory). */
export async function findGit(): Promise<string> {
  const git = onPath('git');
  if (git === undefined) throw new ToolMissing(`git is not on PATH: ${REMEDY}`);
  const version = /(\d+)\.(\d+)/.exec((await execute(git, ['--version'])).stdout);
  const [major = 0, minor = 0] = (version ?? []).slice(1).map(Number);
  if (major < 2 || (major === 2 && minor < 37)) {
    throw new ToolMissing(`git ${major}.${minor} is too old: ${REMEDY}`);
  }
  return git;
}
