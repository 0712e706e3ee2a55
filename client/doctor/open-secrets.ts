import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { AwsClients } from '../../activities/aws/clients';
import { createSecrets } from '../../estate/secrets';
import type { Secrets } from '../../estate/secrets';

/** Secrets as a worker with this environment would read them: an ARN names its region, other names use AWS_REGION. */
export function openSecrets(environment: Readonly<Record<string, string | undefined>>): {
  readonly aws: AwsClients;
  readonly secrets: Secrets;
} {
  const aws = new AwsClients();
  const own = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'];
  const regionOf = (name: string): string => {
    const region = /^arn:[^:]*:[^:]*:([^:]+):/.exec(name)?.[1] ?? own;
    if (region === undefined) throw new Error('no region: set AWS_REGION, or write the ARN');
    return region;
  };
  const secrets = createSecrets({
    environment,
    secretsManager: async (id) => {
      const answer = await aws.secretsManager(regionOf(id)).send(new GetSecretValueCommand({ SecretId: id }));
      return answer.SecretString ?? '';
    },
    parameterStore: async (name) => {
      const request = new GetParameterCommand({ Name: name, WithDecryption: true });
      return (await aws.ssm(regionOf(name)).send(request)).Parameter?.Value ?? '';
    },
  });
  return { aws, secrets };
}
