import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../activities/aws/clients';
import { createSecrets } from '../estate/secrets';
import type { Secrets } from '../estate/secrets';

/** Secrets from the environment, files, and AWS in the worker's own region (`AWS_REGION`): never only in the site that may fail. */
export function secretsOf(aws: AwsClients, environment: NodeJS.ProcessEnv): Secrets {
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'];
  if (region === undefined) return createSecrets({ environment });
  return createSecrets({
    environment,
    secretsManager: async (id) => {
      const { SecretString } = await aws
        .secretsManager(region)
        .send(new GetSecretValueCommand({ SecretId: id }));
      return SecretString ?? '';
    },
    parameterStore: async (name) => {
      const { Parameter } = await aws
        .ssm(region)
        .send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      return Parameter?.Value ?? '';
    },
  });
}
