import type { Secrets } from '../../estate/secrets';
import type { Credentials } from '../../workflows/plan/instance';
import type { Problem } from '../../workflows/runbook/step';
import { needsPerson } from '../errors';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * The user together with the password behind its reference. Only for use inside an activity: never part of a result.
 * @throws NeedsPerson naming the reference
 */
export async function resolveLogin(secrets: Secrets, credentials: Credentials): Promise<Login> {
  try {
    return { username: credentials.username, password: await secrets.resolve(credentials.password) };
  } catch (error) {
    throw needsPerson(`cannot sign in as ${credentials.username}: ${messageOf(error)}`, error);
  }
}

/**
 * `secretUnreadable` for each user whose password the worker cannot read; for the checks of steps that sign in. Passes
 * with consent: the store of the secrets may be lost together with the site, and users do not need our proof to work.
 */
export async function findSecretProblems(
  secrets: Secrets,
  users: readonly Credentials[],
): Promise<readonly Problem[]> {
  const found = await Promise.all(
    users.map(({ username, password }) =>
      secrets.resolve(password).then(
        () => [],
        (error: unknown) => [
          {
            code: 'secretUnreadable',
            message: `The password of ${username} cannot be read: ${messageOf(error)}`,
            remedy:
              'Put the secret where its reference points, readable for the worker. Or consent: the steps that sign in ' +
              'will ask; see for yourself, and skip them.',
            consent: 'unprovenService',
          },
        ],
      ),
    ),
  );
  return found.flat();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
