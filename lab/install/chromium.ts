import { execute, isExecutable, onPath } from './execute';
import { installed, ToolMissing } from './tool';
import type { Report } from './tool';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const REMEDY = 'install Chromium (Debian: `apt-get install chromium`), or name one in CHROMIUM_PATH';

/**
 * Path of a Chromium that runs without a screen: `CHROMIUM_PATH`, one on PATH, or Debian's package, which is installed
 * when we are root. Only tests look at pages.
 * @throws ToolMissing with one sentence that holds the remedy
 */
export async function ensureChromium(report: Report): Promise<string> {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new ToolMissing(`CHROMIUM_PATH names ${chosen}, which is no executable file: correct or unset it`);
  }
  const found = onAnyPath();
  if (found !== undefined) return found;
  const aptGet = onPath('apt-get');
  if (aptGet === undefined || process.getuid?.() !== 0) {
    throw new ToolMissing(`no Chromium on PATH, and only root can install it with apt-get: ${REMEDY}`);
  }
  // The lock and the trace in the cache are what matters: the files themselves go where the package puts them.
  await installed(
    'chromium',
    report,
    () => installPackage(aptGet, report),
    () => onAnyPath() !== undefined,
  );
  const now = onAnyPath();
  if (now === undefined) {
    throw new ToolMissing(
      `Debian's package chromium is installed, but brought no program of that name: ${REMEDY}`,
    );
  }
  return now;
}

function onAnyPath(): string | undefined {
  return NAMES.map((name) => onPath(name)).find((path) => path !== undefined);
}

async function installPackage(aptGet: string, report: Report): Promise<void> {
  report("no Chromium on this machine: installing Debian's package");
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']]) {
    const done = await execute(aptGet, args, {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      timeoutSeconds: 600,
    });
    if (!done.ok) {
      throw new ToolMissing(
        `installing Chromium with apt-get ${args[0] ?? ''} failed (${done.complaint}): ${REMEDY}`,
      );
    }
  }
}
