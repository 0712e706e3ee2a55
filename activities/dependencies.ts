import type { AwsClients } from './aws/clients';
import type { Secrets } from '../estate/secrets';

/** What the implementations are given by the worker at its start; nothing here is global. */
export interface Dependencies {
  readonly aws: AwsClients;
  readonly secrets: Secrets;
}
