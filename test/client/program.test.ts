import { runCommand } from '../support/command-line';

test.each([
  ['show --json', "missing required argument 'run'", '`runbooks show --help` shows what is possible.'],
  ['list --limt 3 --json', "unknown option '--limt'", 'Did you mean --limit? `runbooks list --help` shows'],
  ['backups shwo i --json', "unknown command 'shwo'", 'Did you mean show? `runbooks backups --help` shows'],
  ['skip i --json', "required option '--note <text>' not specified", '`runbooks skip --help` shows'],
  ['lease --json', "unknown option '--json'", '`runbooks lease --help` shows'],
])('%s is told as JSON on standard error, with a remedy', async (words, message, remedy) => {
  const said = await runCommand(words.split(' '));
  expect([said.code, said.out]).toEqual([2, '']);
  expect(JSON.parse(said.err)).toEqual({ error: { message, remedy: expect.stringContaining(remedy) } });
});

test('without --json the same is told in words', async () => {
  const said = await runCommand(['shwo', 'x']);
  expect([said.code, said.out, said.err]).toEqual([
    2,
    '',
    "error: unknown command 'shwo'\nDid you mean show? `runbooks --help` shows what is possible.\n",
  ]);
});

test.each([
  ['stop', ['runbooks cancel <run>', 'runbooks hold <run>']],
  ['terminate', ['runbooks cancel <run>']],
  ['pause', ['runbooks hold <run>', 'runbooks schedules pause']],
])('whoever types %s is told which command is meant', async (word, commands) => {
  const said = await runCommand([word, 'bitbucket-prod']);
  expect(said.code).toBe(2);
  for (const command of commands) expect(said.err).toContain(command);
});

test('help of a command in a group is that of the command, and a group alone shows what it holds', async () => {
  const help = await runCommand(['help', 'backups', 'show']);
  expect([help.code, help.err]).toEqual([0, '']);
  expect(help.out).toMatch(/^Usage: runbooks backups show \[options\] <instance> <backup>/);
  expect(help.out).toBe((await runCommand(['backups', 'show', '--help'])).out);
  const group = await runCommand(['backups']);
  expect([group.code, group.out, group.err]).toEqual([2, '', expect.stringContaining('prune [options]')]);
});

test.each(['backups', 'schedules', 'lease', 'estate', 'key'])(
  'the help of the group %s shows examples',
  async (group) => {
    const help = await runCommand([group, '--help']);
    expect([help.code, help.out]).toEqual([0, expect.stringContaining(`Example:\n  $ runbooks ${group} `)]);
  },
);

test('schedules offers each command the options that it has', async () => {
  const offered = async (command: string): Promise<readonly string[]> =>
    [...(await runCommand(['schedules', command, '--help'])).out.matchAll(/^ +(?:-h, )?--(\w+)/gm)]
      .map(([, option = '']) => option)
      .filter((option) => !['json', 'help'].includes(option));
  expect(await offered('pause')).toEqual(['note', 'as']);
  expect(await offered('resume')).toEqual(['note', 'as']);
  expect(await offered('trigger')).toEqual([]);
  expect(await offered('backfill')).toEqual(['from', 'to']);
});
