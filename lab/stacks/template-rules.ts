import type { ChangeCause, Replacement, ResourceChange, StackParameters, StackResource } from './stack';

interface Rule {
  readonly parameters: RegExp;
  readonly type: string;
  /** Properties of the resource that the parameter is written into. */
  readonly properties: readonly string[];
  readonly replacement: Replacement | ((before: string, after: string) => Replacement);
}

/**
 * Which parameter of the Quick Start template touches which resource, and how [B §9.1, §9.2]. Nodes get everything
 * through the user data of a launch configuration, which can only be replaced; home and database are replaced by the
 * parameters that look most harmless.
 */
const RULES: readonly Rule[] = [
  {
    parameters:
      /^(Bitbucket(Version|Properties|LicenseKey|AdminPassword|DatasetURL)|Jvm\w+|ClusterNode(InstanceType|VolumeSize)|KeyPairName|CustomDnsName|CloudWatchIntegration|DeploymentAutomation\w+|ElasticSearchPassword|DBPassword|DBMaster)$/,
    type: 'AWS::AutoScaling::LaunchConfiguration',
    properties: ['UserData'],
    replacement: 'True',
  },
  {
    parameters: /^ClusterNodeMin$/,
    type: 'AWS::AutoScaling::AutoScalingGroup',
    properties: ['MinSize', 'DesiredCapacity'],
    replacement: 'False',
  },
  {
    parameters: /^ClusterNodeMax$/,
    type: 'AWS::AutoScaling::AutoScalingGroup',
    properties: ['MaxSize'],
    replacement: 'False',
  },
  {
    parameters: /^(Home(Size|VolumeType|Iops|VolumeSnapshotId|DeleteOnTermination)|FileServerInstanceType)$/,
    type: 'AWS::EC2::Instance',
    properties: ['BlockDeviceMappings'],
    replacement: 'True',
  },
  {
    parameters: /^(Home(Size|VolumeType|Iops|VolumeSnapshotId)|FileServerInstanceType)$/,
    type: 'AWS::EC2::Volume',
    properties: ['SnapshotId'],
    replacement: 'True',
  },
  {
    parameters: /^DBSnapshotId$/,
    type: 'AWS::RDS::DBInstance',
    properties: ['DBSnapshotIdentifier'],
    replacement: 'True',
  },
  {
    parameters: /^DBMaster$/,
    type: 'AWS::RDS::DBInstance',
    properties: ['SourceDBInstanceIdentifier'],
    replacement: (_, after) => (after === '' ? 'Conditional' : 'True'),
  },
  {
    parameters: /^DB(InstanceClass|Storage|StorageType|Iops|MultiAZ|EngineVersion|MasterUserPassword)$/,
    type: 'AWS::RDS::DBInstance',
    properties: ['DBInstanceClass'],
    replacement: 'False',
  },
  {
    parameters: /^(SSLCertificateARN)$/,
    type: 'AWS::ElasticLoadBalancing::LoadBalancer',
    properties: ['Listeners'],
    replacement: 'False',
  },
  {
    parameters: /^InternetFacingLoadBalancer$/,
    type: 'AWS::ElasticLoadBalancing::LoadBalancer',
    properties: ['Scheme'],
    replacement: 'True',
  },
  {
    parameters: /^CidrBlock$/,
    type: 'AWS::EC2::SecurityGroup',
    properties: ['SecurityGroupIngress'],
    replacement: 'False',
  },
];

/** What follows from another resource's replacement: its address or name is written elsewhere [B §9.2 #6]. */
const CONSEQUENCES = [
  {
    of: 'AWS::EC2::Instance',
    attribute: 'PrivateIp',
    type: 'AWS::AutoScaling::LaunchConfiguration',
    property: 'UserData',
    replacement: 'Conditional',
  },
  {
    of: 'AWS::AutoScaling::LaunchConfiguration',
    attribute: '',
    type: 'AWS::AutoScaling::AutoScalingGroup',
    property: 'LaunchConfigurationName',
    replacement: 'False',
  },
] as const;

const SEVERITY: readonly Replacement[] = ['False', 'Conditional', 'True'];

/** The resources that change when the parameters do; none when nothing that a resource uses is different. */
export function changesBetween(
  resources: readonly StackResource[],
  before: StackParameters,
  after: StackParameters,
): readonly ResourceChange[] {
  const changes = new Map<string, ResourceChange>();
  const add = (resource: StackResource, replacement: Replacement, cause: ChangeCause): void => {
    const known = changes.get(resource.logicalId);
    changes.set(resource.logicalId, {
      action: 'Modify',
      resource,
      replacement: worse(known?.replacement ?? 'False', replacement),
      causes: [...(known?.causes ?? []), cause],
    });
  };

  for (const [name, value] of Object.entries(after)) {
    const former = before[name] ?? '';
    if (former === value) continue;
    for (const rule of RULES.filter((each) => each.parameters.test(name))) {
      const replacement =
        typeof rule.replacement === 'string' ? rule.replacement : rule.replacement(former, value);
      for (const resource of ofType(resources, rule.type)) {
        for (const property of rule.properties) {
          add(resource, replacement, {
            property,
            recreation: recreationOf(replacement),
            entity: name,
            source: 'ParameterReference',
          });
        }
      }
    }
  }
  for (const { of, attribute, type, property, replacement } of CONSEQUENCES) {
    for (const cause of [...changes.values()].filter((each) => each.resource.type === of)) {
      if (cause.replacement === 'False') continue;
      for (const resource of ofType(resources, type)) {
        add(resource, replacement, {
          property,
          recreation: recreationOf(replacement),
          entity: `${cause.resource.logicalId}${attribute === '' ? '' : `.${attribute}`}`,
          source: attribute === '' ? 'ResourceReference' : 'ResourceAttribute',
        });
      }
    }
  }
  // One row for each, whatever the parameters; what happens inside is not shown (ResourceChangeDetail, "Automatic").
  for (const resource of ofType(resources, 'AWS::CloudFormation::Stack')) {
    add(resource, 'False', {
      property: 'Parameters',
      recreation: 'Never',
      entity: resource.logicalId,
      source: 'Automatic',
    });
  }
  return [...changes.values()];
}

function ofType(resources: readonly StackResource[], type: string): readonly StackResource[] {
  return resources.filter((each) => each.type === type);
}

function worse(a: Replacement, b: Replacement): Replacement {
  return SEVERITY.indexOf(a) >= SEVERITY.indexOf(b) ? a : b;
}

function recreationOf(replacement: Replacement): ChangeCause['recreation'] {
  return replacement === 'True' ? 'Always' : replacement === 'Conditional' ? 'Conditionally' : 'Never';
}
