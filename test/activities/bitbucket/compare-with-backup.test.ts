import { compareWithBackupImplementation } from '../../../activities/bitbucket/compare-with-backup';
import { failedCheck } from '../../../workflows/plan/verify/verdict';
import type { CompareWithBackup } from '../../../workflows/steps/restore';
import { CONTEXT } from '../hosts/file-server-world';
import { WebServer } from './web-server';

let server: WebServer;

beforeEach(async () => {
  server = await WebServer.start();
  const body = { version: '9.4.1', displayName: 'Bitbucket', buildNumber: '1' };
  server.routes['GET /rest/api/latest/application-properties'] = { body };
});
afterEach(() => server.stop());

/** Of a backup with 3 projects and 4 repositories. */
function compare(projects: number, repositories: number, more: Partial<CompareWithBackup> = {}) {
  const page = (count: number) => ({ body: { values: Array(count).fill({}), isLastPage: true } });
  server.routes['GET /rest/api/latest/projects'] = page(projects);
  server.routes['GET /rest/api/latest/repos'] = page(repositories);
  const secrets = { resolve: (reference: string) => Promise.resolve(reference) };
  const { parts } = compareWithBackupImplementation({ aws: {} as never, secrets });
  const input: CompareWithBackup = {
    nodes: [server.url],
    administrator: { username: 'admin', password: 'env:ADMIN' },
    expected: { version: '9.4.1', projects: 3, repositories: 4 },
    ...more,
  };
  return parts.verify(input, undefined, CONTEXT);
}

it('a trial tells what was deleted between the counting and the capture, and goes on', async () => {
  expect(await compare(3, 4, { fewerAreTold: true })).not.toHaveProperty('degraded');
  expect(await compare(2, 3, { fewerAreTold: true })).toMatchObject({
    output: { projects: 2, repositories: 3 },
    degraded: ['2 projects, the manifest says 3', '3 repositories, the manifest says 4'],
  });
});

it.each([
  ['no repository', [3, 0], '0 repositories, the manifest says 4'],
  ['no project', [0, 4], '0 projects, the manifest says 3'],
] as const)('a copy that shows %s at all is a broken one', async (_what, [projects, repositories], why) => {
  const said = await compare(projects, repositories, { fewerAreTold: true }).then(
    () => 'nothing',
    (error: Error) => error.message,
  );
  expect(said).toContain(why);
  expect(failedCheck('compareWithBackup', said).untried).toBeUndefined();
});

it('a restore asks people about fewer, for nobody has looked at the rows', async () => {
  await expect(compare(3, 3, { remedy: 'Look first' })).rejects.toMatchObject({
    type: 'NeedsPerson',
    message: expect.stringContaining('3 repositories, the manifest says 4. Look first'),
  });
});
