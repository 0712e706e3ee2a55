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

/**
 * What a change set would destroy: resources of the kept types that it removes or replaces, or might ("Conditional").
 * An update of a stack replaces silently, so nothing but this stands between a typing error and an empty database.
 */
export function dangersOf(changes: readonly Change[]): readonly string[] {
  return changes.flatMap((change) => {
    const resource = change.ResourceChange;
    const type = resource?.ResourceType ?? '';
    if (resource === undefined || !KEPT.some((pattern) => pattern.test(type))) return [];
    const name = `${resource.LogicalResourceId ?? '?'} (${type}${
      resource.PhysicalResourceId ? `, ${resource.PhysicalResourceId}` : ''
    })`;
    if (resource.Action === 'Remove') return [`removes ${name}`];
    if (resource.Replacement === 'True') return [`replaces ${name}`];
    if (resource.Replacement === 'Conditional' || resource.Action === 'Dynamic')
      return [`might replace ${name}`];
    return [];
  });
}
