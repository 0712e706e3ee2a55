import { allImplementations } from '../../activities';
import { AwsClients } from '../../activities/aws/clients';
import type { Implementation } from '../../activities/implement';
import { SECRET_ACTIONS } from '../../activities/secrets/sources';

/** A policy document of IAM. */
export interface IamPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Effect: 'Allow';
    readonly Action: readonly string[];
    readonly Resource: '*';
  }[];
}

/**
 * The least that a worker's role must be allowed: what the implementations list, one statement per service, all sorted.
 * @param steps names of steps and observations; all when not given
 */
export function iamPolicy(steps?: readonly string[]): IamPolicy {
  const actions = implementations()
    .filter(({ contract }) => steps === undefined || steps.includes(contract.name))
    .flatMap(actionsOf);
  return policyOf([...actions, ...SECRET_ACTIONS]);
}

function implementations(): readonly Implementation[] {
  // Nothing is called: they only say what they would call.
  const secrets = { resolve: () => Promise.reject(new Error('no secrets are read here')) };
  return allImplementations({ aws: new AwsClients(), secrets });
}

function actionsOf(implementation: Implementation): readonly string[] {
  return implementation.kind === 'step' ? implementation.parts.actions : implementation.actions;
}

function policyOf(actions: readonly string[]): IamPolicy {
  const sorted = [...new Set(actions)].sort();
  const services = [...new Set(sorted.map(serviceOf))];
  return {
    Version: '2012-10-17',
    Statement: services.map((service) => ({
      Sid: `${service.charAt(0).toUpperCase()}${service.slice(1)}`,
      Effect: 'Allow',
      Action: sorted.filter((action) => serviceOf(action) === service),
      Resource: '*',
    })),
  };
}

function serviceOf(action: string): string {
  return action.slice(0, action.indexOf(':'));
}
