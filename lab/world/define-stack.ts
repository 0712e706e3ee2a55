import { UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';

import type { ResourceChange, StackDefinition, StackParameters } from '../stacks/stack';
import type { LabAws } from './aws';
import { ACCOUNT, BITBUCKET_VERSION, PROPERTIES_PARAMETER, SITES } from './layout';
import type { PlaceLayout, SiteLayout } from './layout';

export interface StackParts {
  readonly fileServerId: string;
  readonly databaseGroupId: string;
  /** Absent where no home is attached yet. */
  readonly homeVolumeId?: string;
  readonly nodes: number;
  /** The database is a cluster with a writer, and the standby has none. */
  readonly aurora: boolean;
}

/** The stack of a site as the Quick Start makes it [B §9]; a standby is one whose DBMaster names the primary database. */
export function siteStack(layout: SiteLayout, parts: StackParts, aws: LabAws): StackDefinition {
  const standby = layout.name === 'standby';
  const master = `arn:aws:rds:${SITES.primary.region}:${ACCOUNT}:db:${SITES.primary.databaseId}`;
  return {
    region: layout.region,
    name: layout.stack,
    parameters: {
      BitbucketVersion: BITBUCKET_VERSION,
      [PROPERTIES_PARAMETER]: '',
      ClusterNodeMin: String(standby ? 0 : parts.nodes),
      ClusterNodeMax: String(Math.max(parts.nodes, 4)),
      ClusterNodeInstanceType: 'm5.xlarge',
      DBMaster: standby ? master : '',
      DBInstanceClass: 'db.m5.large',
      DBPassword: 'set-by-the-lab',
      DBMultiAZ: String(!standby),
      HomeSize: '100',
      HomeDeleteOnTermination: 'false',
      FileServerInstanceType: 'm5.xlarge',
    },
    noEcho: ['DBPassword'],
    capabilities: ['CAPABILITY_IAM'],
    resources: [
      ...nodesOf(layout),
      ...databasesOf(layout, parts),
      { logicalId: 'DBSecurityGroup', physicalId: parts.databaseGroupId, type: 'AWS::EC2::SecurityGroup' },
      { logicalId: 'FileServer', physicalId: parts.fileServerId, type: 'AWS::EC2::Instance' },
      ...(parts.homeVolumeId === undefined
        ? []
        : [{ logicalId: 'HomeVolume', physicalId: parts.homeVolumeId, type: 'AWS::EC2::Volume' }]),
      {
        logicalId: 'LoadBalancer',
        physicalId: layout.loadBalancer,
        type: 'AWS::ElasticLoadBalancing::LoadBalancer',
      },
    ],
    onUpdate: (parameters, changes) => resizeGroup(layout, parameters, changes, aws),
  };
}

function databasesOf(layout: SiteLayout, { aurora }: StackParts): StackDefinition['resources'] {
  if (aurora && layout.name === 'standby') return [];
  const { databaseId, databaseCluster } = layout;
  return [
    ...(aurora ? [{ logicalId: 'DBCluster', physicalId: databaseCluster, type: 'AWS::RDS::DBCluster' }] : []),
    { logicalId: 'DB', physicalId: databaseId, type: 'AWS::RDS::DBInstance' },
  ];
}

/** The stack of the drill site: nodes and a file server; its database is made by each trial. */
export function drillStack(
  layout: PlaceLayout,
  { fileServerId, databaseGroupId }: Pick<StackParts, 'fileServerId' | 'databaseGroupId'>,
  aws: LabAws,
): StackDefinition {
  return {
    region: layout.region,
    name: layout.stack,
    parameters: {
      BitbucketVersion: BITBUCKET_VERSION,
      [PROPERTIES_PARAMETER]: '',
      ClusterNodeMin: '0',
      ClusterNodeMax: '4',
      ClusterNodeInstanceType: 'm5.xlarge',
      DBPassword: 'set-by-the-lab',
    },
    noEcho: ['DBPassword'],
    capabilities: ['CAPABILITY_IAM'],
    resources: [
      ...nodesOf(layout),
      { logicalId: 'DBSecurityGroup', physicalId: databaseGroupId, type: 'AWS::EC2::SecurityGroup' },
      { logicalId: 'FileServer', physicalId: fileServerId, type: 'AWS::EC2::Instance' },
    ],
    onUpdate: (parameters, changes) => resizeGroup(layout, parameters, changes, aws),
  };
}

function nodesOf(layout: PlaceLayout): StackDefinition['resources'] {
  return [
    {
      logicalId: 'ClusterNodeGroup',
      physicalId: layout.autoScalingGroup,
      type: 'AWS::AutoScaling::AutoScalingGroup',
    },
    {
      logicalId: 'ClusterNodeLaunchConfig',
      physicalId: `${layout.stack}-launch`,
      type: 'AWS::AutoScaling::LaunchConfiguration',
    },
  ];
}

/**
 * An update that touches the group puts its numbers back to the template's: on a standby minimum and desired are fixed
 * at 0, whatever ClusterNodeMin says [B §9.2 #1, #10].
 */
async function resizeGroup(
  layout: PlaceLayout,
  parameters: StackParameters,
  changes: readonly ResourceChange[],
  aws: LabAws,
): Promise<void> {
  if (!changes.some(({ resource }) => resource.type === 'AWS::AutoScaling::AutoScalingGroup')) return;
  const standby = (parameters.DBMaster ?? '') !== '';
  const minimum = standby ? 0 : Number(parameters.ClusterNodeMin);
  await aws.autoScaling.send(
    new UpdateAutoScalingGroupCommand({
      AutoScalingGroupName: layout.autoScalingGroup,
      MinSize: minimum,
      MaxSize: Number(parameters.ClusterNodeMax),
      DesiredCapacity: minimum,
    }),
  );
}
