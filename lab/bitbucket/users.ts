import { createHash, randomBytes } from 'node:crypto';
import type { Database } from './database';

export interface User {
  readonly id: number;
  readonly name: string;
  readonly permission: 'SYS_ADMIN' | 'LICENSED_USER';
}

/** Salted hash of a password. Fast on purpose: these are users of a lab. */
export function hashPassword(
  password: string,
  salt = randomBytes(8).toString('hex'),
): {
  readonly salt: string;
  readonly hash: string;
} {
  return { salt, hash: createHash('sha256').update(`${salt}:${password}`).digest('hex') };
}

function parseBasic(header: string | undefined): { username: string; password: string } | undefined {
  const match = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(header ?? '');
  if (match?.[1] === undefined) return undefined;
  const text = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

const KEEP_MS = 5000;

/** Basic authentication against the users in the database; a known pair is not asked again for a few seconds. */
export class Users {
  private readonly known = new Map<string, { readonly user: User; readonly until: number }>();

  constructor(private readonly database: Database) {}

  async authenticate(header: string | undefined): Promise<User | undefined> {
    const given = parseBasic(header);
    if (given === undefined || header === undefined) return undefined;
    const known = this.known.get(header);
    if (known !== undefined && known.until > Date.now()) return known.user;
    const [row] = await this.database.rows<User & { salt: string; password_hash: string }>(
      'select id, name, permission, salt, password_hash from app_user where lower(name) = lower($1)',
      [given.username],
    );
    if (row === undefined || hashPassword(given.password, row.salt).hash !== row.password_hash)
      return undefined;
    const user = { id: row.id, name: row.name, permission: row.permission };
    this.known.set(header, { user, until: Date.now() + KEEP_MS });
    return user;
  }
}
