import { createHash, createPublicKey } from 'node:crypto';
import { z } from 'zod';

/** An Ed25519 key as JWK; `kid` is its thumbprint. */
export interface PublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
}

const jwk = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[\w-]{43}$/, 'must be the 32 bytes of the key as base64url'),
  kid: z.string().optional().describe('Thumbprint (RFC 7638); checked when it is given.'),
});

const HELP = 'write the JWK or PEM of an Ed25519 public key, as `runbooks key create` prints it';

/** The public key of a person, as JWK or PEM; read as JWK with its thumbprint. */
export const publicKey = z
  .union([z.string(), jwk], { error: HELP })
  .transform((given, context): PublicKey => {
    const read = typeof given === 'string' ? fromPem(given) : withThumbprint(given.x);
    const claimed = typeof given === 'string' ? undefined : given.kid;
    const why =
      typeof read === 'string'
        ? read
        : claimed !== undefined && claimed !== read.kid
          ? `kid must be the thumbprint of the key, ${read.kid}, or be left out`
          : null;
    if (why === null && typeof read !== 'string') return read;
    // Never the key itself: it might be the private one.
    context.issues.push({ code: 'custom', message: why ?? HELP, input: undefined });
    return z.NEVER;
  });

/** The key with its thumbprint (RFC 7638, SHA-256, base64url). @param x the 32 bytes as base64url */
export function withThumbprint(x: string): PublicKey {
  const members = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x });
  const kid = createHash('sha256').update(members).digest('base64url');
  return { kty: 'OKP', crv: 'Ed25519', x, kid };
}

/** The key, or what is wrong with the text. */
function fromPem(pem: string): PublicKey | string {
  if (pem.includes('PRIVATE KEY'))
    return 'this is a private key: nobody may see it. Make a new one, and ' + HELP;
  try {
    const key = createPublicKey(pem);
    const { x } = key.export({ format: 'jwk' });
    if (key.asymmetricKeyType !== 'ed25519' || x === undefined)
      return `must be an Ed25519 key, not ${key.asymmetricKeyType ?? 'another'}`;
    return withThumbprint(x);
  } catch {
    return `is no public key: ${HELP}`;
  }
}
