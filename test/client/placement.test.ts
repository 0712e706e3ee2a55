import { judgePlacement, regionOfWorker } from '../../client/doctor/placement';
import { loadEstate } from '../../estate/load';
import { pinInstance } from '../../estate/pin';
import { join } from 'node:path';

const { instance } = pinInstance(
  loadEstate(join(__dirname, '../../estate/examples/production.yaml')),
  'bitbucket-prod',
);
const [one = '', other = ''] = instance.sites.map(({ region }) => region);
const password = (reference: string) => ({
  ...instance,
  credentials: {
    ...instance.credentials,
    database: { ...instance.credentials.database, password: reference },
  },
});
const plain = password('secretsmanager:bitbucket/database');
const both = { workers: [`runbooks@a:1/${one}`, `runbooks@b:2/${other}`], temporal: [one, other] };

test('the region of a worker is the end of its identity, and never guessed', () => {
  expect(
    ['runbooks@a:1/eu-west-1', 'w/us-gov-west-1', 'runbooks@eu-west-1', 'a/b'].map(regionOfWorker),
  ).toEqual(['eu-west-1', 'us-gov-west-1', undefined, undefined]);
});

test('workers and server in both regions survive the loss of either', () => {
  expect(judgePlacement(plain, both)).toMatchObject({ ok: true });
});

test('a worker only beside the site that it has to recover is told, for that site', () => {
  const { ok, detail, remedy } = judgePlacement(plain, { ...both, workers: [`runbooks@a:1/${one}`] });
  expect([ok, detail]).toEqual([false, `without ${one}: no worker`]);
  expect(remedy).toContain('RUNBOOKS_REGION');
});

test('a worker that does not say where it is counts for nothing', () => {
  const { ok, detail } = judgePlacement(plain, { ...both, workers: ['runbooks@a:1'] });
  expect([ok, detail]).toEqual([false, expect.stringContaining('runbooks@a:1 do not say where they are')]);
});

test('a server in one of the regions alone, or not stated, is told', () => {
  expect(judgePlacement(plain, { ...both, temporal: [other] }).detail).toContain(
    `without ${other}: no Temporal`,
  );
  expect(judgePlacement(plain, { ...both, temporal: [] }).detail).toContain('does not say where');
  expect(judgePlacement(plain, { ...both, temporal: ['eu-north-1'] }).ok).toBe(true);
});

test('a password that is kept only in the lost region is told', () => {
  const arn = `secretsmanager:arn:aws:secretsmanager:${one}:123456789012:secret:x-AbCdEf`;
  const { ok, detail } = judgePlacement(password(arn), both);
  expect([ok, detail]).toEqual([false, `without ${one}: ${arn} is kept only there`]);
});
