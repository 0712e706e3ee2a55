import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a repository's git data lies; the name is the repository's id in the database. */
export function repositoryDirectory(sharedHome: string, repositoryId: number): string {
  return join(sharedHome, 'data', 'repositories', String(repositoryId));
}

function propertiesFile(sharedHome: string): string {
  return join(sharedHome, 'bitbucket.properties');
}

export interface HomeLocation {
  readonly sharedHome: string;
  readonly exportFile: string;
  readonly exportPath: string;
}

/** Why the shared home cannot be used: not exported, or nothing (mounted) there. Undefined when it can. */
export async function findHomeProblem(home: HomeLocation): Promise<string | undefined> {
  const exported = await readOptional(home.exportFile);
  const paths = (exported ?? '').split('\n').map((line) => line.trim().split(/\s+/)[0]);
  if (!paths.includes(home.exportPath)) return `shared home ${home.exportPath} is not exported`;
  if ((await readOptional(propertiesFile(home.sharedHome))) === undefined)
    return `shared home has no bitbucket.properties at ${home.sharedHome}`;
  return undefined;
}

/** bitbucket.properties as a map; the last of two equal keys counts, as in Java. */
function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([^#!\s=:][^=:\s]*)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined) properties.set(match[1], match[2] ?? '');
  }
  return properties;
}

export async function readProperties(sharedHome: string): Promise<ReadonlyMap<string, string>> {
  return parseProperties(await readFile(propertiesFile(sharedHome), 'utf8'));
}

export interface RenderProperties {
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly name: string;
    readonly user: string;
  };
  readonly cluster: string;
  /** The stack's parameter: `key=value` separated by spaces. */
  readonly stackProperties: string;
}

/**
 * The file as the automation writes it at every boot of a node [B §9.3]: what was appended by hand is lost, what is in
 * the stack's parameter is there.
 */
export function renderProperties(values: RenderProperties): string {
  const { database, cluster } = values;
  return [
    '# Written at the boot of a node; change the stack parameter BitbucketProperties instead.',
    'jdbc.driver=org.postgresql.Driver',
    `jdbc.url=jdbc:postgresql://${database.host}:${database.port}/${database.name}`,
    `jdbc.user=${database.user}`,
    'hazelcast.network.aws=true',
    'hazelcast.network.aws.tag.key=Cluster',
    `hazelcast.network.aws.tag.value=${cluster}`,
    `hazelcast.group.name=${cluster}`,
    `hazelcast.group.password=${cluster}`,
    ...values.stackProperties.split(/\s+/).filter((line) => line.includes('=')),
    '',
  ].join('\n');
}

export async function writeProperties(sharedHome: string, text: string): Promise<void> {
  const file = propertiesFile(sharedHome);
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, text);
  await rename(draft, file);
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
