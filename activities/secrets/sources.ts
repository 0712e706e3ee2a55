import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { createSecrets, regionOfArn } from '../../estate/secrets';
import type { Secrets } from '../../estate/secrets';
import type { AwsClients } from '../aws/clients';

/** IAM actions behind references to Secrets Manager and Parameter Store. */
export const SECRET_ACTIONS = ['secretsmanager:GetSecretValue', 'ssm:GetParameter'] as const;

/**
 * Secrets from the environment, files, Secrets Manager and Parameter Store. An ARN is asked in the region that it names,
 * a plain name in the process's own region (`AWS_REGION`, `AWS_DEFAULT_REGION`). Keep a replica of every secret outside
 * the site that may fail.
 */
export function secretsFrom(
  aws: AwsClients,
  environment: Readonly<Record<string, string | undefined>>,
): Secrets {
  const own = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || undefined;
  return createSecrets({
    environment,
    secretsManager: async (id) => {
      const client = aws.secretsManager(regionOf(id, own));
      return (await client.send(new GetSecretValueCommand({ SecretId: id }))).SecretString ?? '';
    },
    parameterStore: async (name) => {
      const request = new GetParameterCommand({ Name: name, WithDecryption: true });
      return (await aws.ssm(regionOf(name, own)).send(request)).Parameter?.Value ?? '';
    },
  });
}

function regionOf(name: string, own: string | undefined): string {
  const region = regionOfArn(name) ?? own;
  if (region === undefined) throw new Error('no region: set AWS_REGION, or write the ARN');
  return region;
}
