import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { AwsClients } from '../../activities/aws/clients';
import { isNoAnswer } from '../../activities/aws/error-kinds';
import { resolveName } from '../../activities/dns/resolve';
import { pinInstance } from '../../estate/pin';
import type { PinnedInstance } from '../../estate/pin';
import type { Estate } from '../../estate/schema';
import { parseSecretReference, SecretError } from '../../estate/secrets';
import type { Secrets } from '../../estate/secrets';
import { vaultPlaces } from '../../workflows/plan/backup/vault-places';
import type { VaultPlace } from '../../workflows/steps/restore-points';
import { readEstate } from '../commands/estate';
import { CommandError } from '../command-error';
import { lacksCredentials, nameOf, remedyFor, wordsOf } from './aws-trouble';
import { examineSearch } from './examine-search';
import { examineStores } from './examine-stores';
import { bad, good } from './finding';
import type { Finding } from './finding';

/** The file itself; and the estate, when it is usable. */
export function examineFile(file: string): { readonly finding: Finding; readonly estate?: Estate } {
  try {
    const estate = readEstate(file);
    return { finding: good('estate', `${file}: ${Object.keys(estate.instances).join(', ')}`), estate };
  } catch (error) {
    const remedy = error instanceof CommandError ? error.remedy : undefined;
    return { finding: bad('estate', error, remedy ?? 'Make it readable here.') };
  }
}

/** AWS per region, every backup store, vault, secret and search server, and every instance's resolvers; all at once. */
export async function examineEstate(
  estate: Estate,
  dependencies: { readonly aws: AwsClients; readonly secrets: Secrets },
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly Finding[]> {
  const instances = instancesOf(estate);
  const regions = [...new Set(instances.flatMap(({ sites }) => sites.map(({ region }) => region)))];
  const references = [
    ...new Set([
      ...instances.flatMap(({ credentials }) => Object.values(credentials).map(({ password }) => password)),
      ...instances.flatMap(({ sites }) => sites.flatMap(({ search }) => search?.credentials?.password ?? [])),
      ...instances.flatMap(({ name }) => notificationReferences(estate, name)),
    ]),
  ];
  const through = endpointOf(environment);
  return Promise.all([
    ...regions.map((region) => examineRegion(dependencies.aws, region, through)),
    ...examineStores(dependencies.aws, instances),
    ...instances.flatMap(vaultPlaces).map((vault) => examineVault(dependencies.aws, vault)),
    ...references.map((reference) => examineSecret(dependencies.secrets, reference)),
    ...examineSearch(dependencies, instances),
    ...instances.map(examineName),
  ]);
}

export function instancesOf(estate: Estate): readonly PinnedInstance[] {
  return Object.keys(estate.instances).map((name) => pinInstance(estate, name).instance);
}

function notificationReferences(estate: Estate, name: string): readonly string[] {
  const { notifications } = pinInstance(estate, name).policy;
  return notifications
    .flatMap(({ webhook, secret }) => [webhook, secret ?? ''])
    .filter((text) => parseSecretReference(text) !== undefined);
}

async function examineRegion(aws: AwsClients, region: string, through: string): Promise<Finding> {
  const name = `AWS ${region}`;
  try {
    const { Account, Arn } = await aws.sts(region).send(new GetCallerIdentityCommand({}));
    return good(name, `answers to ${Arn ?? 'unknown'} of account ${Account ?? 'unknown'}${through}`);
  } catch (error) {
    if (isNoAnswer(error)) {
      return bad(
        name,
        `does not answer${through} (${nameOf(error)})`,
        `Check AWS_ENDPOINT_URL, the network to ${region}, and AWS’s own status page. If the region is lost: ` +
          '`runbooks plan drFailover <instance>`.',
      );
    }
    return bad(name, `refuses us${through}: ${wordsOf(error)}`, remedyFor(error, region));
  }
}

/** Whether the role can be taken on from here, and is one of the account that the estate names. */
async function examineVault(
  aws: AwsClients,
  { name: vault, account, role, region }: VaultPlace,
): Promise<Finding> {
  const name = `vault ${vault}`;
  try {
    const { Account, Arn } = await aws.as(role, region).sts(region).send(new GetCallerIdentityCommand({}));
    if (Account === account) return good(name, `lets us in as ${Arn ?? role}`);
    const seen = `${role} is one of account ${Account ?? 'unknown'}, not of ${account}`;
    return bad(name, seen, `Correct account or role of ${vault} in backup.vaults.`);
  } catch (error) {
    if (isNoAnswer(error)) return bad(name, `${region} does not answer (${nameOf(error)})`, 'See AWS above.');
    return bad(
      name,
      `does not let us in: ${wordsOf(error)}`,
      lacksCredentials(error)
        ? remedyFor(error, region)
        : `Let the role's trust policy name the worker's role, and the worker's role sts:AssumeRole on ${role} (docs/backup.md).`,
    );
  }
}

/** ` through <endpoint>` where the environment names one. */
function endpointOf(environment: Readonly<Record<string, string | undefined>>): string {
  const endpoint = environment['AWS_ENDPOINT_URL_STS'] ?? environment['AWS_ENDPOINT_URL'];
  return endpoint === undefined || endpoint === '' ? '' : ` through ${endpoint}`;
}

async function examineSecret(secrets: Secrets, reference: string): Promise<Finding> {
  try {
    await secrets.resolve(reference);
    return good('secret', reference);
  } catch (error) {
    if (!(error instanceof SecretError))
      return bad('secret', error, 'Make it readable here and for the worker.');
    return bad('secret', `${reference}: ${error.problem}`, error.remedy);
  }
}

async function examineName({ name, dns }: PinnedInstance): Promise<Finding> {
  const label = `DNS ${name}`;
  const answers = await resolveName(dns.name, dns.resolvers);
  const silent = answers.filter(({ failure }) => failure !== null);
  const said = answers.map(
    ({ resolver, cname, addresses, failure }) =>
      `${resolver} says ${failure === null ? (cname ?? addresses.join(', ')) : `nothing (${failure})`}`,
  );
  const detail = `${dns.name}: ${said.join('; ')}`;
  return silent.length === 0
    ? good(label, detail)
    : bad(
        label,
        detail,
        `Check dns.name and dns.resolvers of ${name} in the estate, and that this machine may ask them.`,
      );
}
