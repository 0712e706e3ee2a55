import type { SecurityGroup } from '@aws-sdk/client-ec2';

import type { Facts, PlannedCall, Verified } from '../../../workflows/runbook/step';
import { fenceDatabase } from '../../../workflows/steps/fence';
import type { FenceDatabase, FenceResult } from '../../../workflows/steps/fence';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { recall, remember } from '../../runbook/call-scope';
import {
  checkFence,
  missing,
  missingCheck,
  givenUp,
  PROVEN,
  unproven,
  unprovenIfUnreachable,
} from '../fence-answer';
import { lookAgain, mayBeStale } from '../pace';
import { lookTwice } from '../unsettled';
import {
  authorize,
  findDatabaseGroups,
  forgetRules,
  missingRanges,
  readRemembered,
  rememberRules,
  revoke,
  rulesOf,
} from './database-rules';
import type { Rules } from './database-rules';

const GIVEN_BACK = 'rules given back';

/** Denies the database at its security groups: stopping RDS is no fence [A §11.3]. */
export function fenceDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<FenceDatabase, FenceResult>(fenceDatabase, {
    actions: [
      'rds:DescribeDBInstances',
      'ec2:DescribeSecurityGroups',
      'ec2:CreateTags',
      'ec2:DeleteTags',
      'ec2:RevokeSecurityGroupIngress',
      'ec2:AuthorizeSecurityGroupIngress',
    ],

    check: (input, context) =>
      checkFence(
        {
          what: `the database of ${input.site} is open`,
          region: input.region,
          context,
          calls: callsOf(input.region, `security groups of ${input.databaseId}`, 0),
        },
        async () => {
          const groups = await findDatabaseGroups(dependencies, input);
          if (groups === undefined) {
            return missingCheck('databaseNotFound', `database ${input.databaseId}`, input.region);
          }
          const rules = rulesOf(groups);
          const open = Object.keys(rules);
          return {
            state: open.length === 0 ? 'done' : 'needed',
            before: {
              groups: groups.map((group) => group.GroupId ?? '').join(','),
              rules: JSON.stringify(rules),
            },
            calls: open.flatMap((id) => callsOf(input.region, id, rules[id]?.length ?? 0)),
            problems: groups.length === 0 ? [noGroups(input)] : [],
            output: groups.length === 0 ? unproven(withoutGroups(input)) : PROVEN,
            undo: 'give the removed ingress rules back',
            notes:
              open.length === 0
                ? []
                : ['connections that are open already end with the nodes, not with the rules'],
          };
        },
      ),

    run: (input, context) =>
      unprovenIfUnreachable(
        async () => {
          const groups = await findDatabaseGroups(dependencies, input);
          const reason = unfenceable(input, groups);
          if (reason !== undefined) return unproven(reason);
          for (const group of groups ?? []) {
            const permissions = group.IpPermissions ?? [];
            if (group.GroupId === undefined || permissions.length === 0) continue;
            await rememberRules(dependencies, input.region, group, context);
            await revoke(dependencies, input.region, group.GroupId, permissions);
          }
          return PROVEN;
        },
        (result) => result,
      ),

    verify: (input, output, context) =>
      unprovenIfUnreachable<Verified<FenceResult>>(
        async () => {
          const groups = await findDatabaseGroups(dependencies, input);
          const reason = unfenceable(input, groups);
          if (reason !== undefined) return { output: unproven(reason), facts: { proven: false, reason } };
          const open = Object.keys(rulesOf(groups ?? []));
          if (open.length > 0 && output?.proven === false) return givenUp(output);
          if (open.length > 0) {
            const state = `database ${input.databaseId} in ${input.region} is open`;
            const where = `ingress rules in ${open.join(', ')}`;
            if (mayBeStale()) throw lookAgain(`${state}: ${where}`, context);
            throw terminal(`${state} again: ${where}. Find out who added them, then retry.`);
          }
          return { output: PROVEN, facts: { groups: groups?.length ?? 0, rules: 0 } };
        },
        (result) => ({ output: result, facts: { proven: false, reason: result.reason } }),
      ),

    async undo(input, { before, output }, context) {
      const groups = await existing(dependencies, input);
      let given = Number(recall(GIVEN_BACK) ?? 0);
      for (const group of groups) {
        if (group.GroupId === undefined) continue;
        const former = readRemembered(group, context) ?? rulesIn(before)[group.GroupId] ?? [];
        const lost = missingRanges(group.IpPermissions ?? [], former);
        await authorize(dependencies, input.region, group.GroupId, lost);
        given += lost.length;
        remember(GIVEN_BACK, given);
      }
      if (output === undefined) lookTwice(dependencies.aws, `a removal of rules of ${input.databaseId}`);
      for (const group of groups) await forgetRules(dependencies, input.region, group);
      return { changed: given > 0, facts: { rulesGivenBack: given } };
    },
  });
}

async function existing(dependencies: Dependencies, input: FenceDatabase): Promise<readonly SecurityGroup[]> {
  const groups = await findDatabaseGroups(dependencies, input);
  if (groups !== undefined) return groups;
  throw terminal(
    `there is no database ${input.databaseId} in ${input.region}: correct the estate, or skip this step.`,
  );
}

function noGroups(input: FenceDatabase) {
  return {
    code: 'noSecurityGroups',
    message: `Database ${input.databaseId} in ${input.region} uses no security group, so nothing can deny it.`,
    remedy: 'Give it a security group of its own; or make sure that nobody writes to it, and consent.',
    consent: 'unprovenFence',
  };
}

function withoutGroups({ databaseId }: FenceDatabase): string {
  return `database ${databaseId} uses no security group`;
}

/** Why nothing can be removed and nothing be proven; undefined when there are security groups. */
function unfenceable(input: FenceDatabase, groups: readonly SecurityGroup[] | undefined): string | undefined {
  if (groups === undefined) return missing(`database ${input.databaseId}`, input.region);
  return groups.length === 0 ? withoutGroups(input) : undefined;
}

function rulesIn(before: Facts): Rules {
  return typeof before.rules === 'string' ? (JSON.parse(before.rules) as Rules) : {};
}

function callsOf(region: string, target: string, rules: number): PlannedCall[] {
  return [
    { service: 'ec2', action: 'CreateTags', region, target, parameters: { what: 'the rules of before' } },
    { service: 'ec2', action: 'RevokeSecurityGroupIngress', region, target, parameters: { rules } },
  ];
}
