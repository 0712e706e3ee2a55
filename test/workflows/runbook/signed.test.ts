import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { SignJWT, UnsecuredJWT, compactVerify, importJWK } from 'jose';
import { createKey, signDecision } from '../../../client/signing-key';
import type { SigningKey } from '../../../client/signing-key';
import { PROOF_TYPE, decide, decision } from '../../../workflows/runbook/messages';
import type { DecisionMessage } from '../../../workflows/runbook/messages';
import type { RunPolicy } from '../../../workflows/runbook/policy';
import { refusalOf } from '../../support/refusal';
import { ToyBench } from '../../support/toy-run';
import type { ToyRun } from '../../support/toy-run';
import { TOY_PEOPLE, TOY_POLICY, ToyWorld } from '../../support/toy-world';
import { until } from '../../support/until';

const GATE = { approvals: 2, roles: ['operator'], timeoutSeconds: 60, identity: 'signed' } as const;
const POLICY: RunPolicy = {
  ...TOY_POLICY,
  gates: { go: GATE },
  failures: { ...TOY_POLICY.failures, identity: 'signed' },
  signatures: { lifetimeSeconds: 30, clockSkewSeconds: 5 },
};

let bench: ToyBench;
let world: ToyWorld;
let keys: Record<'ben' | 'cy' | 'mallory', SigningKey>;

beforeAll(async () => {
  keys = { ben: await createKey(), cy: await createKey(), mallory: await createKey() };
});
beforeEach(async () => {
  world = new ToyWorld();
  world.policy = POLICY;
  world.people = TOY_PEOPLE.map((person) => {
    if (person.name !== 'ben' && person.name !== 'cy') return person;
    const { d: _secret, ...publicKey } = keys[person.name];
    return { ...person, publicKey };
  });
  bench = await ToyBench.open(world);
});
afterEach(() => bench.close());

interface Asked {
  readonly run: ToyRun;
  readonly runId: string;
  readonly planHash: string;
}

async function asked(): Promise<Asked> {
  const run = await bench.start();
  const { planHash } = await run.asked('go');
  return { run, planHash: planHash!, runId: (await run.status()).runId };
}

function approval(planHash: string, actor = 'cy'): DecisionMessage {
  return { ask: 'go', verdict: 'approve', actor, planHash };
}

function claims({ run, runId }: Asked, message: DecisionMessage) {
  return { ...message, workflowId: run.id, runId };
}

async function signed(on: Asked, message: DecisionMessage, key = keys.cy): Promise<DecisionMessage> {
  return { ...message, proof: await signDecision(key, claims(on, message)) };
}

/** A proof whose header and claims are all the test's own. */
async function forged(
  payload: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
  key: SigningKey = keys.cy,
): Promise<string> {
  const { kid, ...jwk } = key;
  return new SignJWT({ jti: randomUUID(), iat: Math.floor(Date.now() / 1000), ...payload })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: PROOF_TYPE, ...header })
    .sign(await importJWK(jwk, 'EdDSA'));
}

test('two signed approvals pass the gate, and their proofs can be verified from the report alone', async () => {
  const on = await asked();
  for (const [name, key] of [
    ['ben', keys.ben],
    ['cy', keys.cy],
  ] as const) {
    await on.run.decide(await signed(on, approval(on.planHash, name), key));
  }
  expect((await on.run.ended()).outcome).toBe('SUCCEEDED');
  const { decisions } = (await on.run.report()).asks[0]!;
  expect(decisions.map(({ actor, identity, proof }) => [actor, identity, proof?.kid])).toEqual([
    ['ben', 'signed', keys.ben.kid],
    ['cy', 'signed', keys.cy.kid],
  ]);
  const { kid: _kid, d: _secret, ...jwk } = keys.cy;
  const { payload } = await compactVerify(decisions[1]!.proof!.jws, await importJWK(jwk, 'EdDSA'));
  expect(JSON.parse(Buffer.from(payload).toString())).toMatchObject({
    ask: 'go',
    planHash: on.planHash,
    runId: on.runId,
  });
});

test('every wrong proof is refused with its reason, in the update and as a signal, and counts for nothing', async () => {
  const on = await asked();
  const message = approval(on.planHash);
  const right = claims(on, message);
  const seconds = Math.floor(Date.now() / 1000);
  const good = await forged(right);
  const [header, , signature] = good.split('.');
  const other = Buffer.from(JSON.stringify({ ...right, verdict: 'deny' })).toString('base64url');
  const wrong: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'takes signed decisions only'],
    ['approved!', 'no compact JWS'],
    [new UnsecuredJWT({ ...right, jti: 'a-long-one', iat: seconds }).encode(), 'not signed with EdDSA'],
    [
      await new SignJWT({ ...right, jti: 'a-long-one' })
        .setIssuedAt()
        .setProtectedHeader({ alg: 'HS256', kid: keys.cy.kid, typ: PROOF_TYPE })
        .sign(Buffer.from(keys.cy.x.padEnd(64))),
      'not signed with EdDSA',
    ],
    [`${header}.${other}.${signature}`, 'signature of the proof is wrong'],
    [await forged(right, { kid: keys.cy.kid }, keys.mallory), 'signature of the proof is wrong'],
    [await forged(right, {}, keys.ben), 'signed with the key of ben, not with that of cy'],
    [await forged(right, {}, keys.mallory), `key ${keys.mallory.kid}, which the estate did not know`],
    [await forged(right, { kid: undefined }), 'does not name its key'],
    [await forged(right, { typ: 'JWT' }), 'cannot be read: unexpected "typ"'],
    [await forged({ ...right, iat: seconds - 40 }), 'holds for 30 s: sign anew'],
    [await forged({ ...right, exp: seconds - 10 }), 'has expired'],
    [await forged({ ...right, iat: seconds + 60 }), 'in the future'],
    [await forged({ ...right, iat: undefined }), 'lacks iat'],
    [await forged({ ...right, jti: undefined }), 'lacks jti'],
    [await forged({ ...right, runId: randomUUID() }), 'for another run'],
    [await forged({ ...right, workflowId: 'toyRunbook/other/1' }), 'for another run'],
    [await forged({ ...right, ask: 'storm' }), 'for ask "storm", the decision says "go"'],
    [await forged({ ...right, verdict: 'deny' }), 'for verdict "deny"'],
    [await forged({ ...right, actor: 'ben' }), 'for actor "ben"'],
    [await forged({ ...right, planHash: '0123456789abcdef' }), 'for plan "0123456789abcdef"'],
    [
      await forged({ ...right, note: 'only on Sundays' }),
      'for note "only on Sundays", the decision says none',
    ],
  ];
  for (const [proof, why] of wrong) {
    const sent = proof === undefined ? message : { ...message, proof };
    expect([why, await on.run.decide(sent).catch(refusalOf)]).toEqual([why, expect.stringContaining(why)]);
    await on.run.handle.signal(decision, sent);
    await until(`the refusal: ${why}`, async () =>
      (await on.run.status()).refusals.at(-1)?.why.includes(why) ? true : undefined,
    );
  }
  const { asks, phase } = await on.run.status();
  expect([phase, asks[0]!.decisions]).toEqual(['asking', []]);
  await on.run.decide({ ...message, proof: good });
  expect((await on.run.status()).asks[0]!.decisions).toHaveLength(1);
});

test('who has no key in the estate is told so, and a proof that nobody asked for is verified all the same', async () => {
  world.people = world.people.map((one) => (one.name === 'mia' ? { ...one, roles: ['operator'] } : one));
  world.policy = { ...POLICY, gates: { go: { ...GATE, identity: 'stated' } } };
  const on = await asked();
  const mia = await signed(on, approval(on.planHash, 'mia'), keys.mallory);
  expect(await on.run.decide(mia).catch(refusalOf)).toContain('no public key of mia');
  const cy = approval(on.planHash);
  expect(await on.run.decide(await signed(on, cy, keys.ben)).catch(refusalOf)).toContain('the key of ben');
  await on.run.decide(await signed(on, cy));
  await on.run.decide(approval(on.planHash, 'mia'));
  const { asks } = await on.run.ended();
  expect(asks[0]!.decisions.map((one) => one.identity)).toEqual(['signed', 'stated']);
});

test('the same proof counts once, also when it is sent twice at the same time', async () => {
  const on = await asked();
  let free = (): void => {};
  const gate = new Promise<void>((resolve) => (free = resolve));
  world.before = (part) => (part === 'verifyProof' ? gate : undefined);
  const message = await signed(on, approval(on.planHash));
  const both = [1, 2].map(() => on.run.decide(message).then(() => 'accepted', refusalOf));
  await until('both to be verified', () => (world.count('verifyProof') === 2 ? true : undefined));
  free();
  expect((await Promise.all(both)).sort()).toEqual([
    'accepted',
    expect.stringContaining('used already, by cy on "go"'),
  ]);
  expect(await on.run.decide(message).catch(refusalOf)).toContain('used already');
  expect((await on.run.status()).asks[0]!.decisions).toHaveLength(1);
});

test('an ask that was closed while a proof was being verified takes no further decision', async () => {
  const on = await asked();
  let free = (): void => {};
  const gate = new Promise<void>((resolve) => (free = resolve));
  world.before = (part, occurrence) => (part === 'verifyProof' && occurrence === 1 ? gate : undefined);
  const late = on.run.decide(await signed(on, approval(on.planHash))).then(() => 'accepted', refusalOf);
  await until('the verification', () => (world.count('verifyProof') === 1 ? true : undefined));
  const no: DecisionMessage = { ask: 'go', verdict: 'deny', actor: 'ben', note: 'not today' };
  await on.run.decide(await signed(on, no, keys.ben));
  free();
  expect(await late).toContain('already closed (deny)');
  expect((await on.run.ended()).outcome).toBe('DENIED');
});

test('a cancelled run takes signed decisions about a failed undo', async () => {
  world.policy = { ...POLICY, gates: { go: 'auto' } };
  const broken = (message: string) => ApplicationFailure.nonRetryable(message, 'Terminal');
  let stuck = true;
  world.before = (part) => {
    if (part === 'second.run' || (part === 'first.undo' && stuck)) throw broken(`${part} is stuck`);
  };
  const run = await bench.start();
  await run.asked('second.failed');
  await run.handle.cancel();
  const { id } = await run.asked('first.undo');
  stuck = false;
  const message: DecisionMessage = { ask: id, verdict: 'retry', actor: 'cy' };
  expect(await run.decide(message).catch(refusalOf)).toContain('takes signed decisions only');
  const { runId } = await run.status();
  await run.decide(await signed({ run, runId, planHash: '' }, message));
  expect((await run.ended()).outcome).toBe('UNDONE');
});

test('a refusal shows no stack trace to whoever sent the decision', async () => {
  const on = await asked();
  const traces: unknown[] = [];
  for (const sent of [approval(on.planHash), { ...approval(on.planHash), proof: 'a.b.c' }]) {
    const error: unknown = await on.run.handle
      .executeUpdate(decide, { args: [sent] })
      .catch((one: unknown) => one);
    const { cause } = error as { cause: ApplicationFailure };
    expect(cause.type).toBe('DecisionRefused');
    traces.push(cause.stack);
  }
  expect(traces).toEqual(['', '']);
});
