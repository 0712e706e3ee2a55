import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublicKey } from '../../workflows/runbook/policy';
import { runCommand } from '../support/command-line';
import type { CommandLineOptions, Said } from '../support/command-line';
import { ToyBench } from '../support/toy-run';
import { TOY_PEOPLE, TOY_POLICY, ToyWorld } from '../support/toy-world';
import { until } from '../support/until';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbooks-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string): string => join(folder, name);

async function created(name: string): Promise<PublicKey> {
  const { out } = await runCommand(['key', 'create', '--name', name, '--out', file(`${name}.key`), '--json']);
  return (JSON.parse(out) as { publicKey: PublicKey }).publicKey;
}

describe('key', () => {
  test('create writes the private half for its owner alone, and prints the public half for the estate', async () => {
    const said = await runCommand(['key', 'create', '--name', 'ada', '--out', file('ada.key')]);
    expect([said.code, said.err]).toEqual([0, '']);
    expect(statSync(file('ada.key')).mode & 0o777).toBe(0o600);
    const { d, x, kid } = JSON.parse(readFileSync(file('ada.key'), 'utf8')) as Record<string, string>;
    expect(said.out).toContain(`publicKey: { kty: OKP, crv: Ed25519, x: ${x}, kid: ${kid} }`);
    expect(said.out).toContain('to the entry of ada under people in the estate');
    expect(said.out).not.toContain('- name:');
    expect(said.out).not.toContain(d);
    const shown = await runCommand(['key', 'show', file('ada.key'), '--name', 'ada', '--json']);
    expect(JSON.parse(shown.out)).toMatchObject({ name: 'ada', publicKey: { x, kid } });
    expect(shown.out).not.toContain(d);
  });

  test('create never writes over a file', async () => {
    await created('ada');
    const before = readFileSync(file('ada.key'), 'utf8');
    const said = await runCommand(['key', 'create', '--name', 'ada', '--out', file('ada.key')]);
    expect([said.code, said.err]).toEqual([1, expect.stringContaining('exists already and is kept')]);
    expect(readFileSync(file('ada.key'), 'utf8')).toBe(before);
  });

  test('a PEM of openssl is a key as well; what is none is refused', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(file('pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect((await runCommand(['key', 'show', file('pem')])).out).toContain('publicKey: { kty: OKP');
    writeFileSync(file('none'), '{}');
    expect((await runCommand(['key', 'show', file('none')])).err).toContain('holds no Ed25519 private key');
    expect((await runCommand(['key', 'show', file('lost')])).err).toContain('cannot be read');
  });
});

describe('a gate that takes signed decisions only', () => {
  let bench: ToyBench;
  let world: ToyWorld;
  let workflowId: string;

  function runbooks(words: readonly string[], options: CommandLineOptions = {}): Promise<Said> {
    const environment = { RUNBOOKS_TASK_QUEUE: bench.instance, ...options.environment };
    return runCommand(words, { ...options, environment });
  }

  beforeEach(async () => {
    world = new ToyWorld();
    const keys: Record<string, PublicKey> = { ben: await created('ben'), cy: await created('cy') };
    world.people = TOY_PEOPLE.map((person) => {
      const publicKey = keys[person.name];
      return publicKey === undefined ? person : { ...person, publicKey };
    });
    const escalate = { afterSeconds: 50, roles: ['manager'] };
    const go = {
      approvals: 2,
      roles: ['operator'],
      timeoutSeconds: 60,
      identity: 'signed',
      escalate,
    } as const;
    world.policy = { ...TOY_POLICY, gates: { go: { ...go, approvalLifetimeSeconds: 3600 } } };
    bench = await ToyBench.open(world);
    const said = await runbooks(['start', 'toyRunbook', bench.instance, '--as', 'ada', '--json']);
    ({ workflowId } = JSON.parse(said.out) as { workflowId: string });
    await until('the gate', async () =>
      (await runbooks(['show', workflowId])).code === 3 ? true : undefined,
    );
  });
  afterEach(() => bench.close());

  test('is shown as such, with the command that answers it, to whom it is passed on, and how long an approval holds', async () => {
    const { out } = await runbooks(['show', workflowId]);
    expect(out).toContain('takes signed decisions only');
    expect(out).toMatch(/runbooks approve .* go --plan [0-9a-f]{16} --as 'YOUR NAME' --key FILE/);
    expect(out).toMatch(/passed on to manager at \d\d:\d\d:\d\dZ/);
    expect(out).toContain('an approval holds for 1 h 00 min');
  });

  test('says what to do without a key, refuses the key of somebody else, and counts signed answers', async () => {
    const none = await runbooks(['approve', workflowId, '--as', 'cy']);
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('takes signed decisions only')]);
    expect(none.err).toContain('--key FILE or RUNBOOKS_KEY');
    const wrong = await runbooks(['approve', workflowId, '--as', 'cy', '--key', file('ben.key')]);
    expect([wrong.code, wrong.err]).toEqual([
      1,
      expect.stringContaining('with the key of ben, not with that of cy'),
    ]);
    const cy = await runbooks(['approve', workflowId, '--as', 'cy', '--key', file('cy.key')]);
    expect([cy.code, cy.err, cy.out]).toEqual([3, '', expect.stringContaining(', signed')]);
    chmodSync(file('ben.key'), 0o644);
    const environment = { RUNBOOKS_KEY: file('ben.key') };
    const ben = await runbooks(['approve', workflowId, '--as', 'ben'], { environment });
    expect([ben.code, ben.err]).toEqual([
      0,
      expect.stringContaining(`others may read ${file('ben.key')}: chmod 600`),
    ]);
    await until('the end', async () =>
      (await runbooks(['show', workflowId])).code === 0 ? true : undefined,
    );
    const { out } = await runbooks(['report', workflowId]);
    expect(out).toMatch(/cy \(signed, key [\w-]{43}\): approve of "Go ahead"/);
  });
});
