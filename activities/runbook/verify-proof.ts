import { errors, importJWK, jwtVerify } from 'jose';
import { z } from 'zod';
import type { ProofAnswer, ProofRequest } from '../../workflows/runbook/admission';
import type { Person } from '../../workflows/runbook/policy';
import { PROOF_TYPE } from '../../workflows/runbook/messages';

/** What a proof says; `note` and `planHash` are null or absent where the decision has none. */
const claimsSchema = z.object({
  ask: z.string(),
  verdict: z.string(),
  actor: z.string(),
  note: z.string().nullish(),
  planHash: z.string().nullish(),
  workflowId: z.string(),
  runId: z.string(),
  jti: z.string().min(8),
  iat: z.number(),
});

type Claims = z.output<typeof claimsSchema>;

/**
 * Judges the proof of a decision: an EdDSA signature by the key that the estate gives for the actor, over exactly this
 * decision, of this run, not older than the policy allows. Never throws: a bad proof is an answer, with its reason.
 */
export async function verifyProof(request: ProofRequest, now = new Date()): Promise<ProofAnswer> {
  const { proof, decision, people, rules } = request;
  const person = people.find(({ name }) => name === decision.actor);
  if (person?.publicKey === undefined) return refused(`the estate has no public key of ${decision.actor}`);
  const { kid, ...jwk } = person.publicKey;
  try {
    const key = await importJWK(jwk, 'EdDSA');
    const { payload } = await jwtVerify(
      proof,
      (header) => {
        if (header.kid !== kid) throw new WrongKey(wrongKey(header.kid, person, people));
        return key;
      },
      {
        algorithms: ['EdDSA'],
        typ: PROOF_TYPE,
        currentDate: now,
        clockTolerance: rules.clockSkewSeconds,
      },
    );
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success)
      return refused(`the proof lacks ${claims.error.issues[0]?.path.join('.') ?? 'members'}`);
    const why = tooOldOrEarly(claims.data, rules, now) ?? mismatch(claims.data, request);
    if (why !== null) return refused(why);
    const { jti, iat } = claims.data;
    return { valid: true, kid, jti, issuedAt: new Date(iat * 1000).toISOString() };
  } catch (error) {
    return refused(explain(error));
  }
}

class WrongKey extends Error {}

function wrongKey(kid: string | undefined, person: Person, people: readonly Person[]): string {
  if (kid === undefined) return `the proof does not name its key; ${person.name} signs with ${keyOf(person)}`;
  const owner = people.find(({ publicKey }) => publicKey?.kid === kid);
  return owner === undefined
    ? `the proof is signed with key ${kid}, which the estate did not know when the run began; ${person.name} signs with ${keyOf(person)}`
    : `the proof is signed with the key of ${owner.name}, not with that of ${person.name}`;
}

function keyOf({ publicKey }: Person): string {
  return `key ${publicKey?.kid ?? ''}`;
}

function tooOldOrEarly(
  { iat }: Claims,
  { lifetimeSeconds, clockSkewSeconds }: ProofRequest['rules'],
  now: Date,
): string | null {
  const age = now.getTime() / 1000 - iat;
  if (age < -clockSkewSeconds)
    return `the proof was made ${Math.round(-age)} s in the future: set the clock of the machine that signs`;
  return age > lifetimeSeconds
    ? `the proof is ${Math.round(age)} s old, and holds for ${lifetimeSeconds} s: sign anew`
    : null;
}

function mismatch(claims: Claims, { decision, run }: ProofRequest): string | null {
  if (claims.workflowId !== run.workflowId || claims.runId !== run.runId) {
    return `the proof is for another run (${claims.workflowId}, ${claims.runId})`;
  }
  const members = ['ask', 'verdict', 'actor', 'planHash', 'note'] as const;
  const wrong = members.find((name) => (claims[name] ?? null) !== decision[name]);
  if (wrong === undefined) return null;
  const words = wrong === 'planHash' ? 'plan' : wrong;
  return `the proof is for ${words} ${quote(claims[wrong])}, the decision says ${quote(decision[wrong])}`;
}

function quote(value: string | null | undefined): string {
  return value === null || value === undefined ? 'none' : `"${value}"`;
}

function explain(error: unknown): string {
  if (error instanceof WrongKey) return error.message;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the proof is not signed with EdDSA (Ed25519)';
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return 'the signature of the proof is wrong: it was changed, or made with another key';
  if (error instanceof errors.JWTExpired) return 'the proof has expired: sign anew';
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf')
    return 'the proof is not valid yet: set the clock of the machine that signs';
  return `the proof cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

function refused(why: string): ProofAnswer {
  return { valid: false, why };
}
