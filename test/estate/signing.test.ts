import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { EstateError, parseEstate } from '../../estate/load';
import { pinInstance } from '../../estate/pin';
import { showEstate } from '../../estate/show';
import { linesOf } from '../support/estate-problems';
import { EXAMPLE as text } from '../support/example-estate';

const people = text.slice(text.indexOf('people:'), text.indexOf('\npolicy:'));

function key() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  return {
    x: x!,
    pem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    secret: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

function estate(persons: readonly object[], gate: object | string = {}) {
  const named = JSON.stringify(persons);
  // By default these need two people, and most of these estates have one.
  const alone = { pruneBackups: ONE, removeOrphans: ONE, restore: ONE };
  const policy = JSON.stringify({ gates: { ...alone, failover: gate } });
  const rest = text.slice(0, text.indexOf('people:'));
  return parseEstate(`${rest}people: ${named}\npolicy: ${policy}\n`, 'estate.yaml');
}

function problems(...given: Parameters<typeof estate>): readonly string[] {
  try {
    estate(...given);
    return [];
  } catch (error) {
    if (!(error instanceof EstateError)) throw error;
    return linesOf(error);
  }
}

const ONE = { approvals: 1, roles: ['manager'] };

test('the example describes people', () => expect(people).toContain('roles'));

test('a public key is read from JWK and from PEM as the same key, with the thumbprint that jose computes', async () => {
  const { x, pem } = key();
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x });
  for (const publicKey of [{ kty: 'OKP', crv: 'Ed25519', x }, { kty: 'OKP', crv: 'Ed25519', x, kid }, pem]) {
    const read = estate([{ name: 'ada', roles: ['manager'], publicKey }], ONE);
    expect(read.people[0]!.publicKey).toEqual({ kty: 'OKP', crv: 'Ed25519', x, kid });
    expect(parseEstate(showEstate(read), 'shown.yaml')).toEqual(read);
  }
});

test('a private key is refused and never repeated; other keys and wrong thumbprints are refused', () => {
  const { x, secret } = key();
  const ada = (publicKey: unknown) =>
    problems([{ name: 'ada', roles: ['manager'], publicKey }], ONE).join('\n');
  expect(ada(secret)).toContain('this is a private key');
  expect(ada(secret)).not.toContain(secret.split('\n')[1]!);
  const withD = ada({ kty: 'OKP', crv: 'Ed25519', x, d: 'c2VjcmV0' });
  expect(withD).toContain('publicKey.d: unknown key "d"');
  expect(withD).not.toContain('c2VjcmV0');
  expect(ada({ kty: 'OKP', crv: 'Ed25519', x, kid: 'other' })).toContain('kid must be the thumbprint');
  expect(ada('ssh-ed25519 AAAA')).toContain('is no public key');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  expect(ada(rsa.export({ format: 'pem', type: 'spki' }).toString())).toContain(
    'must be an Ed25519 key, not rsa',
  );
});

test('one key under two names is refused: it would count as two people', () => {
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x: key().x };
  const both = ['ada', 'ben'].map((name) => ({ name, roles: ['manager'], publicKey }));
  expect(problems(both, ONE)).toEqual([
    expect.stringMatching(/people\[1\]\.publicKey: is the key of ada as well/),
  ]);
});

test('a signed gate counts only people who can sign', () => {
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x: key().x };
  const two = { approvals: 2, roles: ['manager'], identity: 'signed' };
  const people = [
    { name: 'ada', roles: ['manager'], publicKey },
    { name: 'ben', roles: ['manager'] },
  ];
  expect(problems(people, two)).toEqual([
    expect.stringMatching(
      /"failover".* needs 2 of manager with a publicKey, and people has 1\. Give these people a publicKey/,
    ),
  ]);
  expect(problems(people, { ...two, approvals: 1 })).toEqual([]);
});

test('an escalation to nobody, or after the deadline, is refused; a good one is pinned in seconds', () => {
  const ada = [{ name: 'ada', roles: ['manager'] }];
  const gate = (escalate: object) => ({ ...ONE, timeout: '30m', escalate });
  expect(problems(ada, gate({ after: '10m', roles: ['director'] }))).toEqual([
    expect.stringMatching(/failover\.escalate\.roles: nobody of people has the role director/),
  ]);
  expect(problems(ada, gate({ after: '30m', roles: ['manager'] }))).toEqual([
    expect.stringMatching(/failover\.escalate\.after: must be shorter than .* \(1800s\)/),
  ]);
  const read = estate(ada, { ...gate({ after: '10m', roles: ['manager'] }), approvalLifetime: '1h' });
  expect(pinInstance(read, 'bitbucket-prod').policy.gates.failover).toMatchObject({
    escalate: { afterSeconds: 600, roles: ['manager'] },
    approvalLifetimeSeconds: 3600,
  });
  expect(showEstate(read)).toMatch(/after: 10m[\s\S]*approvalLifetime: 1h/);
});
