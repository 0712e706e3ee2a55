import type { Change } from '@aws-sdk/client-cloudformation';

/** Types of resources that hold data, or that users and nodes are tied to [B §9.2]. */
const KEPT = [
  /^AWS::RDS::/,
  /^AWS::EC2::(Volume|VolumeAttachment|Instance)$/,
  /^AWS::EFS::/,
  /^AWS::S3::Bucket$/,
  /^AWS::ElasticLoadBalancing(V2)?::LoadBalancer$/,
  /^AWS::AutoScaling::AutoScalingGroup$/,
  /^AWS::(OpenSearchService|Elasticsearch)::Domain$/,
];

export const NESTED_STACK = 'AWS::CloudFormation::Stack';

export interface Danger {
  /** Continues "the change …", e.g. `replaces HomeVolume (AWS::EC2::Volume, vol-1)`. */
  readonly what: string;
  readonly remedy: string;
}

const COMPARE =
  'Compare the template and its other parameters with what runs, for example for values that were changed by hand.';

/**
 * What a change set would destroy: resources of the kept types that it removes or replaces, or might ("Conditional"), and
 * nested stacks, of which it shows one row whatever happens inside. An update of a stack replaces silently, so nothing but
 * this stands between a typing error and an empty database.
 */
export function dangersOf(changes: readonly Change[]): readonly Danger[] {
  return changes.flatMap((change) => {
    const resource = change.ResourceChange;
    const type = resource?.ResourceType ?? '';
    if (resource === undefined) return [];
    const { LogicalResourceId: logical = '?', PhysicalResourceId: physical, Action: action } = resource;
    // Also where nothing changes inside: CloudFormation lists every nested stack of an update (ResourceChangeDetail, "Automatic").
    if (type === NESTED_STACK && action !== 'Add') {
      const name = physical === undefined ? logical : nameOfStack(physical);
      return [
        { what: `goes through the nested stack ${name}, unseen`, remedy: nameNestedStack('the parameter') },
      ];
    }
    if (!KEPT.some((pattern) => pattern.test(type))) return [];
    const name = `${logical} (${type}${physical ? `, ${physical}` : ''})`;
    if (action === 'Remove') return [{ what: `removes ${name}`, remedy: COMPARE }];
    if (resource.Replacement === 'True') return [{ what: `replaces ${name}`, remedy: COMPARE }];
    if (resource.Replacement === 'Conditional' || action === 'Dynamic')
      return [{ what: `might replace ${name}`, remedy: COMPARE }];
    return [];
  });
}

/** What to do about a root stack. @param parameter as the sentence calls it */
export function nameNestedStack(parameter: string): string {
  return `Name the nested stack that has ${parameter} in the estate (stack.name), instead of the stack around it.`;
}

/** @param id name, or ARN such as `arn:aws:cloudformation:eu-west-1:123456789012:stack/bitbucket-1A2B/…` */
export function nameOfStack(id: string): string {
  return /:stack\/([^/]+)/.exec(id)?.[1] ?? id;
}
