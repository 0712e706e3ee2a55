import { createPrivateKey, randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { SignJWT, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { JWK } from 'jose';
import { withThumbprint } from '../estate/public-key';
import type { PublicKey } from '../estate/public-key';
import { PROOF_TYPE } from '../workflows/runbook/messages';
import type { ProofClaims } from '../workflows/runbook/messages';
import { CommandError } from './command-error';

/** An Ed25519 key with which a person signs decisions. Its `d` is secret. */
export interface SigningKey extends PublicKey {
  readonly d: string;
}

/** How long a proof holds, seconds: it is made right before it is sent. The policy may ask for less. */
const PROOF_SECONDS = 300;

export async function createKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return toSigningKey(await exportJWK(privateKey));
}

/** The key of a file, JWK or PEM (PKCS #8). @throws CommandError when it cannot be read, or is another kind of key */
export function readKey(file: string): SigningKey {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(
      `the key ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Create one with `runbooks key create`, and give its path with --key or RUNBOOKS_KEY.',
    );
  }
  try {
    const pem = text.includes('-----BEGIN');
    return toSigningKey(
      pem ? createPrivateKey(text).export({ format: 'jwk' }) : (JSON.parse(text) as Record<string, unknown>),
    );
  } catch {
    throw new CommandError(
      `${file} holds no Ed25519 private key`,
      'It must be a JWK or a PEM as `runbooks key create` or `openssl genpkey -algorithm ed25519` writes it.',
    );
  }
}

/** Whether others than its owner may read the file. */
export function isOpenToOthers(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;
}

/** The proof of a decision: a compact JWS over its claims, different each time. */
export async function signDecision(
  key: SigningKey,
  claims: Omit<ProofClaims, 'jti' | 'iat' | 'exp'>,
  now = new Date(),
): Promise<string> {
  const { kid, ...jwk } = key;
  const seconds = Math.floor(now.getTime() / 1000);
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: PROOF_TYPE })
    .setJti(randomUUID())
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + PROOF_SECONDS)
    .sign(await importJWK(jwk, 'EdDSA'));
}

function toSigningKey(jwk: JWK | Readonly<Record<string, unknown>>): SigningKey {
  const { kty, crv, x, d } = jwk;
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string' || typeof d !== 'string')
    throw new Error('no Ed25519 private key');
  return { ...withThumbprint(x), d };
}
