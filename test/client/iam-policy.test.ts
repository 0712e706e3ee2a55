import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { iamPolicy } from '../../client/iam/policy';
import type { IamPolicy } from '../../client/iam/policy';
import { RUNBOOK_STEPS } from '../../client/iam/runbook-steps';
import { runCommand } from '../support/command-line';

const ROOT = join(__dirname, '../..');
const files = (folder: string, recursive: boolean): string[] =>
  readdirSync(join(ROOT, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const actionsOf = (policy: IamPolicy): string[] => policy.Statement.flatMap(({ Action }) => Action);

/** Prefix of the IAM actions by the name of the SDK's package, where they differ. */
const PREFIXES: Readonly<Record<string, string>> = {
  'auto-scaling': 'autoscaling',
  'elastic-load-balancing': 'elasticloadbalancing',
  'route-53': 'route53',
  'secrets-manager': 'secretsmanager',
};

/** Operations that are allowed under another name. */
const PERMISSIONS: Readonly<Record<string, string>> = { ListObjectsV2: 'ListBucket' };

/** What the sources can send: `service:Operation` of every command that they import from the SDK. */
function operations(): string[] {
  const imports = /import \{([^}]*)\} from '@aws-sdk\/client-([a-z0-9-]+)'/g;
  return files('activities', true).flatMap((path) =>
    [...read(path).matchAll(imports)].flatMap(([, names = '', client = '']) =>
      [...names.matchAll(/\b(\w+)Command\b/g)].map(
        ([, operation = '']) => `${PREFIXES[client] ?? client}:${PERMISSIONS[operation] ?? operation}`,
      ),
    ),
  );
}

test('every AWS operation that the activities use is in the policy', () => {
  const used = [...new Set(operations())];
  expect(used.length).toBeGreaterThan(35);
  expect(used.filter((operation) => !actionsOf(iamPolicy()).includes(operation))).toEqual([]);
});

test('nothing is allowed that no activity uses', () => {
  const used = operations();
  expect(actionsOf(iamPolicy()).filter((action) => !used.includes(action))).toEqual([]);
});

test('one sorted statement for each service', async () => {
  const said = await runCommand(['iam-policy']);
  expect([said.code, said.err]).toEqual([0, '']);
  const policy = JSON.parse(said.out) as IamPolicy;
  expect(policy.Version).toBe('2012-10-17');
  const services = policy.Statement.map(({ Action }) => [
    ...new Set(Action.map((action) => action.split(':')[0])),
  ]);
  expect(services.map((names) => names.length)).toEqual(services.map(() => 1));
  expect(new Set(services.flat()).size).toBe(services.length);
  expect(actionsOf(policy)).toEqual([...new Set(actionsOf(policy))].sort());
  for (const statement of policy.Statement) {
    expect(statement).toMatchObject({ Sid: expect.stringMatching(/^[A-Z][A-Za-z0-9]+$/), Effect: 'Allow' });
  }
  expect((await runCommand(['iam-policy', '--json'])).out).toBe(said.out);
});

test('one runbook needs what its steps list, and an unknown one is wrong use', async () => {
  expect(actionsOf(iamPolicy(['switchDns']))).toEqual([
    'route53:ChangeResourceRecordSets',
    'route53:GetChange',
    'route53:ListResourceRecordSets',
    'secretsmanager:GetSecretValue',
    'ssm:GetParameter',
  ]);
  const said = await runCommand(['iam-policy', 'drFailover']);
  expect(actionsOf(JSON.parse(said.out) as IamPolicy)).toContain('rds:PromoteReadReplica');
  const wrong = await runCommand(['iam-policy', 'drFailovr', '--json']);
  expect([wrong.code, wrong.out]).toEqual([2, '']);
  expect(JSON.parse(wrong.err)).toMatchObject({
    error: { remedy: expect.stringMatching(/^Did you mean "drFailover"\? There are: backup, /) },
  });
});

/** Names of the contracts; types are not among them. */
function stepsImportedBy(text: string): string[] {
  return [...text.matchAll(/^import \{([^}]*)\} from '\.{1,2}\/steps\//gm)].flatMap(([, names = '']) =>
    names
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  );
}

/** Files of the procedures that a text uses, and of those that they use. */
function proceduresOf(text: string): string[] {
  const used = [...text.matchAll(/from '\.\/(?:procedures\/)?([^'/]+)'/g)]
    .map(([, name]) => `workflows/procedures/${name}.ts`)
    .filter((path) => files('workflows/procedures', false).includes(path));
  return [...new Set(used.flatMap((path) => [path, ...proceduresOf(read(path))]))];
}

test('the steps of each runbook are those that its file and its procedures import', () => {
  const runbooks = files('workflows', false).flatMap((path) => {
    const text = read(path);
    const name = /= runbook<[^(]*\(\s*'(\w+)'/.exec(text)?.[1];
    if (name === undefined) return [];
    const contracts = [...new Set([text, ...proceduresOf(text).map(read)].flatMap(stepsImportedBy))];
    return [[name, contracts.sort()] as const];
  });
  expect(runbooks.length).toBeGreaterThan(0);
  expect(RUNBOOK_STEPS).toEqual(Object.fromEntries(runbooks));
});
