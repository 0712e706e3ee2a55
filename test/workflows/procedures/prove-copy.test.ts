import { verdictOf } from '../../../workflows/plan/verify/verdict';
import type { TrialCheck } from '../../../workflows/plan/verify/verdict';
import { proveCopy } from '../../../workflows/procedures/prove-copy';

const mockPatched = jest.fn<boolean, [string]>();
jest.mock('@temporalio/workflow', () => ({
  ...jest.requireActual<object>('@temporalio/workflow'),
  patched: (id: string) => mockPatched(id),
}));

const SAMPLE = [1, 2, 3, 4].map((id) => ({ id, project: 'OPS', slug: `r${id}` }));
/** What the steps find, by name. */
const FOUND = {
  compareWithBackup: { version: '9.4.1', projects: 3, repositories: 4 },
  compareRows: { repositories: 4, refs: 9, missing: [], sample: SAMPLE },
  checkRepositories: { checked: 4 },
  smokeTest: { commit: 'c0ffee' },
  cloneRepositories: { cloned: 3 },
};

beforeEach(() => mockPatched.mockReturnValue(true));

/** Proves a copy of which the steps find this; answers what was told. */
async function prove(
  found: Partial<Record<keyof typeof FOUND, object>>,
  { clones = 3, pass = 'execute' } = {},
): Promise<readonly TrialCheck[]> {
  const answers: Record<string, object> = { ...FOUND, ...found };
  const run = {
    pass,
    subject: { credentials: {} },
    policy: { verify: { sample: 20, clones } },
    step: ({ name }: { name: string }) => Promise.resolve(answers[name]),
    attempt: async (work: (tried: unknown) => Promise<unknown>) => ({ done: true, value: await work(run) }),
  };
  const checks: TrialCheck[] = [];
  const drill = { region: 'r', nodes: { port: 7990 }, database: {}, fileServer: {} };
  const proof = { drill, manifest: { product: {} }, first: { nodes: [] }, seed: 's' };
  await proveCopy(run as never, proof as never, (check) => checks.push(check));
  return checks;
}

const untried = (checks: readonly TrialCheck[]) =>
  checks.filter((check) => check.untried === true).map(({ name }) => name);

test('a copy of which git has read some has passed', async () => {
  const checks = await prove({ checkRepositories: { checked: 1 }, cloneRepositories: { cloned: 1 } });
  expect(checks.map(({ name }) => name)).toEqual(Object.keys(FOUND));
  expect(verdictOf(checks, null).result).toBe('passed');
});

test('git that came to the end of no repository has proven nothing', async () => {
  const checks = await prove({ checkRepositories: { checked: 0 }, cloneRepositories: { cloned: 0 } });
  expect(untried(checks)).toEqual(['checkRepositories', 'cloneRepositories']);
  expect(verdictOf(checks, null)).toMatchObject({
    result: null,
    why: expect.stringContaining('none of the 4 repositories that were chosen could be read in time'),
  });
});

test('repositories of which none could be chosen are told as not read', async () => {
  const nowhere = { compareRows: { ...FOUND.compareRows, sample: [] } };
  const checks = await prove(nowhere);
  expect(untried(checks)).toEqual(['checkRepositories', 'cloneRepositories']);
  expect(verdictOf(checks, null)).toMatchObject({
    result: null,
    why: expect.stringContaining('none of the 4 repositories was found'),
  });
  // What the policy does not want is not missed.
  expect(untried(await prove(nowhere, { clones: 0 }))).toEqual(['checkRepositories']);
});

test('an instance without repositories has none to read', async () => {
  const empty = { ...FOUND.compareRows, repositories: 0, sample: [] };
  const checks = await prove({ compareRows: empty });
  expect(checks.map(({ name }) => name)).toEqual(['compareWithBackup', 'compareRows', 'smokeTest']);
  expect(verdictOf(checks, null).result).toBe('passed');
});

test('a plan reads nothing, and misses nothing', async () => {
  const foreseen = {
    compareRows: { repositories: 0, refs: 0, missing: [], sample: [] },
    checkRepositories: { checked: 0 },
    cloneRepositories: { cloned: 0 },
  };
  const checks = await prove(foreseen, { pass: 'plan' });
  expect(checks.map(({ name }) => name)).toEqual(Object.keys(FOUND));
  expect(untried(checks)).toEqual([]);
});

test('a run that began before goes on as it began', async () => {
  mockPatched.mockReturnValue(false);
  const checks = await prove({ checkRepositories: { checked: 0 }, cloneRepositories: { cloned: 0 } });
  expect(verdictOf(checks, null).result).toBe('passed');
  expect(untried(await prove({ compareRows: { ...FOUND.compareRows, sample: [] } }))).toEqual([]);
});
