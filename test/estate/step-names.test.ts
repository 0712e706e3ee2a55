import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { estateJsonSchema } from '../../estate/json-schema';
import { parseEstate } from '../../estate/load';
import { OBSERVATION_NAMES, SHOWN_AS, STEP_NAMES } from '../../estate/step-names';
import { problemsOf } from '../support/estate-problems';
import { EXAMPLE as text } from '../support/example-estate';

const CONTRACTS = join(__dirname, '../../workflows/steps');

interface Contract {
  readonly name: string;
  readonly deadlineSeconds: number;
}

function isContract(value: unknown): value is Contract {
  return typeof value === 'object' && value !== null && 'deadlineSeconds' in value;
}

function contracts(): readonly Contract[] {
  return readdirSync(CONTRACTS).flatMap((file) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const module = require(join(CONTRACTS, file)) as Readonly<Record<string, unknown>>;
    return Object.values(module).filter(isContract);
  });
}

/** The example with another policy. */
function withPolicy(policy: object): string {
  return `${text.slice(0, text.indexOf('\npolicy:'))}\npolicy: ${JSON.stringify(policy)}\n`;
}

/** The example with a policy of its instance. */
function withOwnPolicy(policy: object): string {
  const line = /^ {4}# ?policy:.*$/m;
  expect(text).toMatch(line);
  return text.replace(line, `    policy: ${JSON.stringify(policy)}`);
}

/** Without the place. */
function wordsOf(yaml: string): readonly string[] {
  return problemsOf(yaml).map((problem) => problem.replace(/^\S+ /, ''));
}

test('the estate knows every step and every observation by the name of its contract, and no other', () => {
  const [steps, observations] = [true, false].map((timed) =>
    contracts()
      .filter((contract) => 'expectedSeconds' in contract === timed)
      .map(({ name }) => name)
      .sort(),
  );
  expect(steps!.length).toBeGreaterThan(0);
  expect(observations!.length).toBeGreaterThan(0);
  expect(STEP_NAMES).toEqual(steps);
  expect(OBSERVATION_NAMES).toEqual(observations);
});

test('a policy may name every step, and limit every observation', () => {
  const all = <T>(names: readonly string[], value: T) =>
    Object.fromEntries(names.map((name) => [name, value]));
  const policy = {
    deadlines: all([...STEP_NAMES, ...OBSERVATION_NAMES], '1h'),
    expected: all(STEP_NAMES, '1m'),
    failures: { steps: all(STEP_NAMES, 'ask') },
  };
  expect(problemsOf(withPolicy(policy))).toEqual([]);
  expect(problemsOf(withOwnPolicy(policy))).toEqual([]);
  expect(parseEstate(withPolicy(policy), 'estate.yaml').policy.deadlines).toMatchObject({
    observeSite: 3600,
  });
});

test.each([
  [
    { deadlines: { completeSerch: '1h' } },
    'policy.deadlines.completeSerch: no step is called "completeSerch": did you mean "completeSearch"?',
  ],
  [
    { deadlines: { observeSit: '1m' } },
    'policy.deadlines.observeSit: no step is called "observeSit": did you mean "observeSite"?',
  ],
  [
    { expected: { promotReplica: '8m' } },
    'policy.expected.promotReplica: no step is called "promotReplica": did you mean "promoteReplica"?',
  ],
  [
    { failures: { steps: { copyBackups: 'ask' } } },
    'policy.failures.steps.copyBackups: no step is called "copyBackups": did you mean "copyBackup"?',
  ],
  [
    { deadlines: { 'copyBackup.dublin': '1h' } },
    'policy.deadlines.copyBackup.dublin: no step is called "copyBackup.dublin": did you mean "copyBackup"?',
  ],
  [
    { deadlines: { stopNodes: '1h' } },
    'policy.deadlines.stopNodes: no step is called "stopNodes": did you mean "fenceNodes"?',
  ],
  [
    { deadlines: { somethingElse: '1h' } },
    'policy.deadlines.somethingElse: no step is called "somethingElse": a plan shows each step with its name',
  ],
  [
    { expected: { observeSite: '10s' } },
    'policy.expected.observeSite: observeSite only looks: of it the policy can only say the deadline',
  ],
  [
    { failures: { steps: { constructor: 'ask' } } },
    'policy.failures.steps.constructor: no step is called "constructor": a plan shows each step with its name',
  ],
])('a limit of a step that there is not is refused: %j', (policy, expected) => {
  expect(wordsOf(withPolicy(policy))).toEqual([expected]);
  expect(wordsOf(withOwnPolicy(policy))).toEqual([`instances.bitbucket-prod.${expected}`]);
});

test('an id under which a run shows a step is its name, or is known as another one', () => {
  const workflows = join(CONTRACTS, '..');
  const files = readdirSync(workflows, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/^(runbook|steps|plan)\//.test(file),
  );
  const kinds = files.flatMap((file) =>
    [...readFileSync(join(workflows, file), 'utf8').matchAll(/\bid: ['`](\w+)/g)].map(
      ([, kind = '']) => kind,
    ),
  );
  expect(kinds).toContain('copyBackup');
  expect(new Set(kinds.filter((kind) => !STEP_NAMES.includes(kind)))).toEqual(new Set(SHOWN_AS.keys()));
  for (const name of SHOWN_AS.values()) expect(STEP_NAMES).toContain(name);
});

test('an editor learns the names from the JSON Schema', () => {
  const schema = JSON.stringify(estateJsonSchema());
  expect(schema).toContain(`"propertyNames":{"type":"string","enum":${JSON.stringify(STEP_NAMES)}}`);
});
