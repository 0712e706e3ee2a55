import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecrets, parseSecretReference } from '../../estate/secrets';

const directory = mkdtempSync(join(tmpdir(), 'secrets-'));
afterAll(() => rmSync(directory, { recursive: true }));

const JSON_SECRET = '{"username":"atl","password":"from-manager"}';
const secrets = createSecrets({
  environment: { DB_PASSWORD: 'from-environment', EMPTY: '' },
  secretsManager: async (id) => {
    if (id === 'prod/db') return JSON_SECRET;
    if (id === 'prod/plain') return 'not-json-secret';
    throw new Error('ResourceNotFoundException');
  },
  parameterStore: async (name) => `value of ${name}`,
});

test('every scheme resolves to the value', async () => {
  const file = join(directory, 'password');
  writeFileSync(file, 'from-file\n');
  expect(await secrets.resolve('env:DB_PASSWORD')).toBe('from-environment');
  expect(await secrets.resolve(`file:${file}`)).toBe('from-file');
  expect(await secrets.resolve('secretsmanager:prod/db#password')).toBe('from-manager');
  expect(await secrets.resolve('secretsmanager:prod/db')).toBe(JSON_SECRET);
  expect(await secrets.resolve('ssm:/prod/db')).toBe('value of /prod/db');
});

test.each([
  ['env:NOT_SET', /^secret env:NOT_SET: environment variable NOT_SET is not set\. Set it/],
  ['env:EMPTY', /the value is empty/],
  ['file:/nonexistent', /there is no such file\. Create the file/],
  ['secretsmanager:absent', /Secrets Manager refused: ResourceNotFoundException\. Check the name/],
  ['secretsmanager:prod/db#pin', /no text member "pin"/],
])('%s is refused with the reference and a remedy', async (reference, message) => {
  await expect(secrets.resolve(reference)).rejects.toThrow(message);
});

test('no message carries a value', async () => {
  const inPlace = await secrets.resolve('hunter2').catch((error: Error) => error);
  expect(inPlace).toBeInstanceOf(Error);
  expect(String((inPlace as Error).stack)).not.toContain('hunter2');
  const notJson = await secrets.resolve('secretsmanager:prod/plain#password').catch((error: Error) => error);
  expect((notJson as Error).message).toMatch(/the value is not JSON/);
  expect((notJson as Error).message).not.toContain('not-json-secret');
});

test('sources that were not given are refused, not guessed', async () => {
  const bare = createSecrets({ environment: {} });
  await expect(bare.resolve('ssm:/prod/db')).rejects.toThrow(/Parameter Store is not available here/);
});

test('an ARN with a member splits at the last hash only', () => {
  expect(
    parseSecretReference('secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:a-b#password'),
  ).toEqual({
    scheme: 'secretsmanager',
    name: 'arn:aws:secretsmanager:eu-west-1:1:secret:a-b',
    key: 'password',
  });
  expect(parseSecretReference('file:/run/a#b')).toEqual({ scheme: 'file', name: '/run/a#b' });
  expect(parseSecretReference('vault:x')).toBeUndefined();
});
