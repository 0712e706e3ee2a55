import { readFile } from 'node:fs/promises';

/** Turns the reference of a secret into its value. Values are never logged, never kept, never put into a message. */
export interface Secrets {
  /**
   * @param reference `env:NAME`, `file:/path`, `secretsmanager:id#key`, `ssm:/parameter/name`
   * @throws SecretError naming the reference and what to do
   */
  resolve(reference: string): Promise<string>;
}

export interface SecretSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Value of a secret in Secrets Manager; `id` is its name or ARN. Absent: such references are refused. */
  readonly secretsManager?: (id: string) => Promise<string>;
  /** Decrypted value of a parameter in Systems Manager Parameter Store; `name` is its name or ARN. */
  readonly parameterStore?: (name: string) => Promise<string>;
}

export class SecretError extends Error {
  constructor(
    readonly reference: string,
    /** What is wrong, without the reference and the remedy. */
    readonly problem: string,
    readonly remedy: string,
    cause?: unknown,
  ) {
    super(`secret ${reference}: ${problem}. ${remedy}`, cause === undefined ? {} : { cause });
    this.name = 'SecretError';
  }
}

const SECRET_SCHEMES = ['env', 'file', 'secretsmanager', 'ssm'] as const;
type SecretScheme = (typeof SECRET_SCHEMES)[number];

export interface SecretReference {
  readonly scheme: SecretScheme;
  /** What follows the scheme, without `#key`. */
  readonly name: string;
  /** Member of a JSON secret: `secretsmanager:prod/bitbucket#password`. */
  readonly key?: string;
}

/** The parts of a reference; undefined when the text is none. */
export function parseSecretReference(text: string): SecretReference | undefined {
  const colon = text.indexOf(':');
  const scheme = SECRET_SCHEMES.find((known) => known === text.slice(0, colon));
  const rest = text.slice(colon + 1);
  if (scheme === undefined || rest === '') return undefined;
  const hash = scheme === 'secretsmanager' ? rest.lastIndexOf('#') : -1;
  if (hash === -1) return { scheme, name: rest };
  const name = rest.slice(0, hash);
  const key = rest.slice(hash + 1);
  return name === '' || key === '' ? undefined : { scheme, name, key };
}

/** The region that an ARN names; undefined for a plain name. */
export function regionOfArn(name: string): string | undefined {
  return /^arn:[^:]*:[^:]*:([^:]+):/.exec(name)?.[1];
}

export function createSecrets(sources: SecretSources): Secrets {
  return {
    async resolve(reference) {
      const parsed = parseSecretReference(reference);
      // Not quoted back: whoever wrote the value itself in place of a reference should not find it in a log.
      if (parsed === undefined) throw new SecretError('(not shown)', 'this is no reference', REFERENCE_HELP);
      const value = await read(parsed, reference, sources);
      if (value === '') throw new SecretError(reference, 'the value is empty', 'Put the secret there.');
      return value;
    },
  };
}

export const REFERENCE_HELP =
  'Write env:NAME, file:/path, secretsmanager:id, secretsmanager:id#key or ssm:/parameter/name.';

async function read(parsed: SecretReference, reference: string, sources: SecretSources): Promise<string> {
  switch (parsed.scheme) {
    case 'env': {
      const value = sources.environment[parsed.name];
      if (value !== undefined) return value;
      throw new SecretError(
        reference,
        `environment variable ${parsed.name} is not set`,
        'Set it for this process; the worker needs it as well.',
      );
    }
    case 'file':
      return readFile(parsed.name, 'utf8').then(
        (text) => text.replace(/\r?\n$/, ''),
        (error: NodeJS.ErrnoException) => {
          throw new SecretError(
            reference,
            error.code === 'ENOENT' ? 'there is no such file' : `cannot be read (${error.code ?? 'error'})`,
            'Create the file, readable by the user of this process only.',
            error,
          );
        },
      );
    case 'secretsmanager': {
      const value = await fetchFrom(sources.secretsManager, parsed.name, reference, 'Secrets Manager');
      return parsed.key === undefined ? value : member(value, parsed.key, reference);
    }
    case 'ssm':
      return fetchFrom(sources.parameterStore, parsed.name, reference, 'Parameter Store');
  }
}

async function fetchFrom(
  fetcher: ((name: string) => Promise<string>) | undefined,
  name: string,
  reference: string,
  where: string,
): Promise<string> {
  if (fetcher === undefined) {
    throw new SecretError(reference, `${where} is not available here`, 'Use env: or file: instead.');
  }
  try {
    return await fetcher(name);
  } catch (error) {
    throw new SecretError(
      reference,
      `${where} refused: ${error instanceof Error ? error.message : String(error)}`,
      'Check the name, the region (an ARN names it) and the permission to read it.',
      error,
    );
  }
}

function member(value: string, key: string, reference: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    // The parser's own message quotes the text, which is the secret.
    throw new SecretError(reference, 'the value is not JSON', 'Store a JSON object, or leave out the #key.');
  }
  if (typeof parsed === 'object' && parsed !== null && Object.hasOwn(parsed, key)) {
    const found = (parsed as Record<string, unknown>)[key];
    if (typeof found === 'string') return found;
  }
  throw new SecretError(reference, `the JSON object has no text member "${key}"`, 'Check the #key.');
}
