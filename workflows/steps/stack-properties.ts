import { defineStep } from '../runbook/step';

export interface SetStackProperties {
  readonly region: string;
  readonly stack: string;
  /** Stack parameter that holds the space-separated `key=value` list. */
  readonly parameter: string;
  /** Properties to add or change, e.g. `{ 'disaster.recovery': 'true' }`. */
  readonly set: Readonly<Record<string, string>>;
}

/**
 * Changes Bitbucket's properties through a change set that replaces nothing that holds data [B §9.2, §9.3]: databases,
 * volumes, file servers, file systems, buckets, load balancers and Auto Scaling groups must not be replaced or removed.
 * A change set that would is deleted and the step fails terminally. Other parameters keep their values. Undo: the
 * former value, the same way.
 */
export const setStackProperties = defineStep<SetStackProperties, { readonly properties: string }>({
  name: 'setStackProperties',
  title: 'Tell Bitbucket that it recovers from a disaster',
  risk: 'reversible',
  deadlineSeconds: 3600,
  expectedSeconds: 120,
});
