import { DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { DescribeDBClusterSnapshotsCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import type { FailoverBench } from './failover-bench';

/** Everything that a run has made and that is still there: EBS, DB and cluster snapshots of both regions, with their tags. */
export async function snapshotsOf(bench: FailoverBench, workflowId: string) {
  const all = await taggedSnapshots(bench, 'runbooks:run');
  return all.filter(({ tags }) => tags['runbooks:run'] === workflowId);
}

/** EBS, DB and cluster snapshots of both regions that carry a tag with this key and are not being deleted. */
export async function taggedSnapshots(bench: FailoverBench, key: string) {
  const found = await Promise.all(
    (['primary', 'standby'] as const).map(async (site) => {
      const { ec2, rds } = bench.aws[site];
      const [volumes, databases, clusters] = await Promise.all([
        ec2.send(new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag-key', Values: [key] }] })),
        rds.send(new DescribeDBSnapshotsCommand({})),
        rds.send(new DescribeDBClusterSnapshotsCommand({})),
      ]);
      return [
        ...(volumes.Snapshots ?? []).map(({ SnapshotId: id = '', State: state, Tags }) => ({
          ...{ site, kind: 'ebs', id, state, tags: tagsOf(Tags) },
        })),
        ...[
          ...(databases.DBSnapshots ?? []).map(({ DBSnapshotIdentifier: id = '', ...one }) => ({
            ...{ site, kind: 'rds', id, state: one.Status, tags: tagsOf(one.TagList) },
          })),
          ...(clusters.DBClusterSnapshots ?? []).map(({ DBClusterSnapshotIdentifier: id = '', ...one }) => ({
            ...{ site, kind: 'aurora', id, state: one.Status, tags: tagsOf(one.TagList) },
          })),
        ].filter(({ tags, state }) => tags[key] !== undefined && state !== 'deleting'),
      ];
    }),
  );
  return found.flat();
}

function tagsOf(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
) {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])) as Record<string, string>;
}
