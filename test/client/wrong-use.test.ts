import { runCommand } from '../support/command-line';

/** Nobody listens there: what is told of it was told before anybody was asked. */
const NOBODY = '127.0.0.1:1';

function runbooks(...words: string[]) {
  return runCommand(words, { environment: { TEMPORAL_ADDRESS: NOBODY } });
}

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
