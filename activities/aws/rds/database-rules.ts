import {
  AuthorizeSecurityGroupIngressCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeSecurityGroupsCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import type { IpPermission, SecurityGroup, Tag } from '@aws-sdk/client-ec2';

import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { askAws } from '../errors';
import { isOurs, ownerTags } from '../ownership';
import { findDatabase } from './find-database';

/** Ingress rules by security group. */
export type Rules = Readonly<Record<string, readonly IpPermission[]>>;

export interface DatabaseDoor {
  readonly region: string;
  readonly databaseId: string;
}

/** The security groups that a DB instance uses; undefined when there is no such instance. */
export async function findDatabaseGroups(
  dependencies: Dependencies,
  door: DatabaseDoor,
): Promise<readonly SecurityGroup[] | undefined> {
  const instance = await findDatabase(dependencies, door.region, door.databaseId);
  if (instance === undefined) return undefined;
  const ids = (instance.VpcSecurityGroups ?? [])
    .map((one) => one.VpcSecurityGroupId ?? '')
    .filter((id) => id !== '');
  if (ids.length === 0) return [];
  const reply = await askAws(
    { doing: 'describe', resource: `security groups ${ids.join(', ')}`, region: door.region },
    () => dependencies.aws.ec2(door.region).send(new DescribeSecurityGroupsCommand({ GroupIds: ids })),
  );
  return reply.SecurityGroups ?? [];
}

export function rulesOf(groups: readonly SecurityGroup[]): Rules {
  return Object.fromEntries(
    groups
      .map((group) => [group.GroupId ?? '', group.IpPermissions ?? []] as const)
      .filter(([, permissions]) => permissions.length > 0),
  );
}

export async function revoke(
  dependencies: Dependencies,
  region: string,
  groupId: string,
  permissions: readonly IpPermission[],
): Promise<void> {
  await askAws(
    { doing: 'remove the ingress rules of', resource: `security group ${groupId}`, region },
    async () => {
      await dependencies.aws
        .ec2(region)
        .send(new RevokeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [...permissions] }));
    },
    // Gone already: an earlier attempt whose answer was lost.
    { notFound: () => undefined },
  );
}

/**
 * The ranges of the former rules that are not there now, each as a rule of its own. One rule holds many ranges, and a
 * person may have given some of them back.
 */
export function missingRanges(
  present: readonly IpPermission[],
  former: readonly IpPermission[],
): readonly IpPermission[] {
  const known = new Set(present.flatMap(rangesOf).map(({ key }) => key));
  return former
    .flatMap(rangesOf)
    .filter(({ key }) => !known.has(key))
    .map(({ rule }) => rule);
}

/** A rule range by range; the key leaves out descriptions, by which AWS does not tell rules apart either. */
function rangesOf(
  permission: IpPermission,
): readonly { readonly key: string; readonly rule: IpPermission }[] {
  const { IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs, ...ports } = permission;
  const { IpProtocol, FromPort, ToPort } = ports;
  const one = (who: string | undefined, range: IpPermission) => ({
    key: JSON.stringify([IpProtocol, FromPort ?? null, ToPort ?? null, who ?? '']),
    rule: { ...ports, ...range },
  });
  return [
    ...(IpRanges ?? []).map((range) => one(range.CidrIp, { IpRanges: [range] })),
    ...(Ipv6Ranges ?? []).map((range) => one(range.CidrIpv6, { Ipv6Ranges: [range] })),
    ...(PrefixListIds ?? []).map((list) => one(list.PrefixListId, { PrefixListIds: [list] })),
    ...(UserIdGroupPairs ?? []).map((pair) => one(pair.GroupId, { UserIdGroupPairs: [pair] })),
  ];
}

/** Adds these rules, one call each: a duplicate refuses its whole call. */
export async function authorize(
  dependencies: Dependencies,
  region: string,
  groupId: string,
  permissions: readonly IpPermission[],
): Promise<void> {
  for (const permission of permissions) {
    await askAws(
      { doing: 'give back an ingress rule of', resource: `security group ${groupId}`, region },
      async () => {
        await dependencies.aws
          .ec2(region)
          .send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [permission] }));
      },
      // There by an attempt whose answer was lost, or by another hand.
      { exists: () => undefined },
    );
  }
}

const PART = /^runbooks:removed-(\d+)$/;
/** Longest tag value is 256. */
const PART_LENGTH = 240;
const MOST_PARTS = 25;

/**
 * Writes the rules onto their security group before they are removed, once per run: they can be given back even though
 * `check` could not read them, or a person wants to know what was there. Very long lists are kept in `before` only.
 */
export async function rememberRules(
  dependencies: Dependencies,
  region: string,
  group: SecurityGroup,
  context: StepContext,
): Promise<void> {
  if (readRemembered(group, context) !== undefined) return;
  const text = Buffer.from(JSON.stringify(group.IpPermissions ?? [])).toString('base64url');
  const parts = text.match(new RegExp(`.{1,${PART_LENGTH}}`, 'g')) ?? [];
  if (parts.length > MOST_PARTS) return;
  const tags = [
    ...ownerTags(context),
    ...parts.map((Value, index) => ({ Key: `runbooks:removed-${index}`, Value })),
  ];
  const id = group.GroupId ?? '';
  await askAws({ doing: 'tag', resource: `security group ${id}`, region }, () =>
    dependencies.aws.ec2(region).send(new CreateTagsCommand({ Resources: [id], Tags: tags })),
  );
}

/** The rules that this run wrote onto the group; undefined when there are none. */
export function readRemembered(
  group: SecurityGroup,
  context: StepContext,
): readonly IpPermission[] | undefined {
  if (!isOurs(group.Tags, context)) return undefined;
  const parts = partsOf(group.Tags);
  if (parts.length === 0) return undefined;
  const text = parts.map((tag) => tag.Value ?? '').join('');
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as IpPermission[];
  } catch {
    return undefined;
  }
}

export async function forgetRules(
  dependencies: Dependencies,
  region: string,
  group: SecurityGroup,
): Promise<void> {
  const keys = partsOf(group.Tags).map((tag) => ({ Key: tag.Key ?? '' }));
  if (keys.length === 0) return;
  const id = group.GroupId ?? '';
  await askAws({ doing: 'remove the tags of', resource: `security group ${id}`, region }, () =>
    dependencies.aws.ec2(region).send(new DeleteTagsCommand({ Resources: [id], Tags: keys })),
  );
}

function partsOf(tags: readonly Tag[] | undefined): readonly Tag[] {
  const number = (tag: Tag): number => Number(PART.exec(tag.Key ?? '')?.[1] ?? -1);
  return (tags ?? []).filter((tag) => number(tag) >= 0).sort((a, b) => number(a) - number(b));
}
