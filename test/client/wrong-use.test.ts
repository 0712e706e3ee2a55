import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/command-line';

/** Nobody listens there: what is told of it was told before anybody was asked. */
const NOBODY = '127.0.0.1:1';

function runbooks(...words: string[]) {
  return runCommand(words, { environment: { TEMPORAL_ADDRESS: NOBODY } });
}

const folder = mkdtempSync(join(tmpdir(), 'wrong-use-'));
const BROKEN = join(folder, 'broken.yaml');
writeFileSync(BROKEN, 'instances: { i: {} }\n');
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['plan', 'start'])(
  '%s of a misspelt runbook is told at once, with the one that is meant',
  async (command) => {
    const said = await runbooks(command, 'drFailver', 'bitbucket-prod');
    expect([said.code, said.out]).toEqual([2, '']);
    expect(said.err).toMatch(
      /^error: there is no runbook "drFailver"\nDid you mean "drFailover"\? There are: backup, backupFleet, drFailover, .*\.\n$/,
    );
  },
);

test('a runbook that resembles none is told with those that there are', async () => {
  const said = await runbooks('plan', 'makeCoffee', 'bitbucket-prod', '--json');
  expect([said.code, said.out]).toEqual([2, '']);
  expect(JSON.parse(said.err)).toEqual({
    error: {
      message: 'there is no runbook "makeCoffee"',
      remedy: expect.stringMatching(/^There are: backup, /),
    },
  });
});

const BACKWARDS = '--from 2026-01-02T00:00:00Z --to 2026-01-01T00:00:00Z';

test.each([
  ['start drFailover', /^error: drFailover is started for an instance\nName it: runbooks start drFailover /],
  ['start backupFleet i', /^error: backupFleet is started for the estate/],
  ['start drFailover i --input {bad', /^error: --input is no JSON/],
  ['start drFailover i --incident-started-at yesterday', /yesterday is no time\nWrite ISO 8601/],
  ['plan drFailover i --input [1]', /^error: --input must be one JSON object/],
  ['list --limit x', /^error: --limit x is no count\nWrite e\.g\. --limit 50\./],
  ['backups prune i', /^error: backups prune only shows\nSee the plan: runbooks backups prune i --plan/],
  ['backups verify i --pick nwest', /^error: --pick nwest is unknown\nDid you mean --pick newest\?/],
  ['backups open i --keep long', /^error: --keep long is no duration/],
  ['backups age i --max-age old', /^error: --max-age old is no duration/],
  ['schedules backfill i/hourly', /required option '--from <time>' not specified/],
  [`schedules backfill i/hourly ${BACKWARDS}`, /^error: a backfill needs --from and a later --to/],
  ['schedules backfill i/hourly --from soon --to 2026-11-20T00:00:00Z', /--from soon is no time/],
  ['setup --retention 1h', /--retention 1h is no duration of at least one day/],
  ['setup --estate nope.yaml', /^error: there is no nope\.yaml\nCopy estate\/examples\/production\.yaml /],
  ['schedules apply --estate nope.yaml', /^error: there is no nope\.yaml\n/],
  ['backups age --estate nope.yaml', /^error: there is no nope\.yaml\n/],
  ['estate check --estate nope.yaml', /^error: there is no nope\.yaml\n/],
  ['estate show --estate nope.yaml', /^error: there is no nope\.yaml\n/],
  [
    `setup --estate ${BROKEN}`,
    /broken\.yaml:1:\d+ .*\nCorrect the estate; `runbooks estate check` looks again\.\n$/s,
  ],
  ['skip i', /required option '--note <text>' not specified/],
  ['deny i', /required option '--note <text>' not specified/],
])('%s is wrong use, told before anybody is asked', async (words, expected) => {
  const said = await runbooks(...words.split(' '));
  expect([said.code, said.out, said.err]).toEqual([2, '', expect.stringMatching(expected)]);
});

test('an address with a scheme is told as such', async () => {
  const environment = { TEMPORAL_ADDRESS: 'http://localhost:1/' };
  const said = await runCommand(['list'], { environment });
  expect([said.code, said.out]).toEqual([2, '']);
  expect(said.err).toMatch(/Write host:port without http:\/\/ in TEMPORAL_ADDRESS .*: localhost:1\n$/);
});

test('no estate where one is looked for by itself is told with what to do', async () => {
  const said = await runCommand(['estate', 'check']);
  expect([said.code, said.err]).toEqual([
    2,
    'error: there is no estate.yaml here\nCopy estate/examples/production.yaml and describe your instance, or name yours ' +
      'with --estate or RUNBOOKS_ESTATE.\n',
  ]);
});
