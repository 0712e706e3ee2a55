import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Seconds for one try of one resolver; there are two tries. */
const TRY_SECONDS = 1;

/** What one resolver says about a name. */
export interface ResolverAnswer {
  /** As the estate names it, `system` for the machine's own. */
  readonly resolver: string;
  /** Where the name's CNAME leads, without the trailing dot, lower case; null when it has none. */
  readonly cname: string | null;
  readonly addresses: readonly string[];
  /** Why there is no answer; null when there is one. */
  readonly failure: string | null;
}

/** Asks every resolver at the same time; none given means the system's. Never throws because a resolver is silent. */
export function resolveName(name: string, resolvers: readonly string[]): Promise<readonly ResolverAnswer[]> {
  if (resolvers.length === 0) return askSystem(name).then((answer) => [answer]);
  return Promise.all(resolvers.map((resolver) => askResolver(name, resolver)));
}

/**
 * The first address that the resolvers, asked in order, give for a name; an address literal is its own answer.
 * @throws Error with what each of them said, when none gives one
 */
export async function addressOf(name: string, resolvers: readonly string[]): Promise<string> {
  const literal = name.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0) return literal;
  const answers = await resolveName(name, resolvers);
  const address = answers.flatMap((answer) => answer.addresses)[0];
  if (address !== undefined) return address;
  const said = answers.map((answer) => `${answer.resolver}: ${answer.failure ?? 'no address'}`);
  throw new Error(`${name} does not resolve: ${said.join('; ')}`);
}

async function askSystem(name: string): Promise<ResolverAnswer> {
  const [cname, addresses] = await Promise.all([
    cnameOf(resolverAt(), name).catch(() => null),
    settle(lookup(name, { all: true }).then((found) => found.map((entry) => entry.address))),
  ]);
  return { resolver: 'system', cname, addresses: addresses.value ?? [], failure: addresses.failure };
}

async function askResolver(name: string, server: string): Promise<ResolverAnswer> {
  const resolver = resolverAt();
  const made = await settle(serverAddress(server).then((address) => resolver.setServers([address])));
  if (made.failure !== null) {
    return { resolver: server, cname: null, addresses: [], failure: made.failure };
  }
  const [cname, addresses] = await Promise.all([
    settle(cnameOf(resolver, name)),
    settle(addressesOf(resolver, name)),
  ]);
  return {
    resolver: server,
    cname: cname.value ?? null,
    addresses: addresses.value ?? [],
    // A CNAME whose target has no address yet is an answer of its own.
    failure: (cname.value ?? null) !== null ? null : (addresses.failure ?? cname.failure),
  };
}

function resolverAt(): Resolver {
  return new Resolver({ timeout: TRY_SECONDS * 1000, tries: 2 });
}

/** `host` or `host:port` as c-ares wants it: an address, which a name has to be turned into first. */
async function serverAddress(server: string): Promise<string> {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+))(?::(?<port>\d+))?$/.exec(server);
  if (match?.groups === undefined) {
    if (isIP(server) === 6) return `[${server}]:53`;
    throw new Error(`"${server}" is neither host nor host:port`);
  }
  const { six, host, port } = match.groups;
  const { address, family } = await lookup(six ?? host ?? '');
  return `${family === 6 ? `[${address}]` : address}:${port ?? '53'}`;
}

async function cnameOf(resolver: Resolver, name: string): Promise<string | null> {
  try {
    const [first] = await resolver.resolveCname(name);
    return first === undefined ? null : bareName(first);
  } catch (error) {
    if (isEmpty(error)) return null;
    throw error;
  }
}

async function addressesOf(resolver: Resolver, name: string): Promise<readonly string[]> {
  try {
    return await resolver.resolve4(name);
  } catch (error) {
    if (!isEmpty(error)) throw error;
    return resolver.resolve6(name);
  }
}

/** DNS names compare without case and without the trailing dot. */
export function bareName(name: string): string {
  return name.replace(/\.$/, '').toLowerCase();
}

/** The name exists, but has no record of the type asked for. */
function isEmpty(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENODATA';
}

async function settle<T>(
  work: Promise<T>,
): Promise<{ readonly value?: T | undefined; readonly failure: string | null }> {
  try {
    return { value: await work, failure: null };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
