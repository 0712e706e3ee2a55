import { DescribeSecurityGroupsCommand } from '@aws-sdk/client-ec2';
import { DescribeDBParameterGroupsCommand, ModifyDBInstanceCommand } from '@aws-sdk/client-rds';
import type { DBInstance } from '@aws-sdk/client-rds';

import type { Facts, Problem, StepContext } from '../../../workflows/runbook/step';
import { configureDatabase } from '../../../workflows/steps/database';
import type { ConfigureDatabase } from '../../../workflows/steps/database';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { lookAgain } from '../pace';
import {
  differences,
  modification,
  settingsAsFacts,
  settingsFromFacts,
  settingsOf,
} from './database-settings';
import type { DatabaseSettings, Setting } from './database-settings';
import { isBroken, sourceOf, statusOf } from './database-status';
import { findDatabase } from './find-database';

type Output = { readonly changed: readonly string[] };

/** [A §5.4, B §13.1 #8] */
export function configureDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<ConfigureDatabase, Output>(configureDatabase, {
    actions: [
      'rds:DescribeDBInstances',
      'rds:DescribeDBParameterGroups',
      'rds:ModifyDBInstance',
      'ec2:DescribeSecurityGroups',
    ],

    async check(input) {
      const instance = await findDatabase(dependencies, input.region, input.databaseId);
      const changed = instance === undefined ? [] : differences(settingsOf(instance), input);
      return {
        state: instance !== undefined && changed.length === 0 ? 'done' : 'needed',
        before: instance === undefined ? {} : settingsAsFacts(settingsOf(instance)),
        calls: changed.length === 0 ? [] : [plannedCall(input, changed)],
        problems: await findProblems(dependencies, input, instance),
        output: { changed },
        undo: 'give the former settings back',
        material: settingsAsFacts(input),
        notes:
          instance !== undefined && sourceOf(instance) !== null
            ? ['it is still a replica; the settings are compared again after the promotion']
            : [],
      };
    },

    async run(input, context) {
      const instance = await existing(dependencies, input);
      const changed = differences(settingsOf(instance), input);
      await modify(dependencies, input, instance, input, unpending(instance, input, changed), context);
      return { changed };
    },

    async verify(input, output, context) {
      const instance = await existing(dependencies, input);
      const status = statusOf(instance);
      if (isBroken(status)) {
        throw needsPerson(
          `database ${input.databaseId} in ${input.region} is ${status}. Mend it, then retry.`,
        );
      }
      const left = differences(settingsOf(instance), input);
      if (left.length > 0) {
        throw lookAgain(`${input.databaseId} is ${status}; not there yet: ${left.join(', ')}`, context);
      }
      if (status !== 'available') throw lookAgain(`${input.databaseId} is set and ${status}`, context);
      const waiting = instance.DBParameterGroups?.[0]?.ParameterApplyStatus === 'pending-reboot';
      return {
        output: output ?? { changed: [] },
        facts: settingsAsFacts(settingsOf(instance)),
        ...(waiting
          ? { degraded: [`parameter group ${input.parameterGroup ?? ''} takes effect at the next reboot`] }
          : {}),
      };
    },

    async undo(input, { before, output }, context) {
      const former = settingsFromFacts(before);
      const instance = await findDatabase(dependencies, input.region, input.databaseId);
      if (former === undefined || instance === undefined) return { changed: false, facts: {} };
      const ours = output?.changed ?? differences(former, input);
      const back = differences(settingsOf(instance), former).filter((name) => ours.includes(name));
      await modify(dependencies, input, instance, former, back, context);
      return { changed: back.length > 0, facts: { givenBack: back.join(',') } };
    },
  });
}

async function modify(
  dependencies: Dependencies,
  input: ConfigureDatabase,
  instance: DBInstance,
  wanted: DatabaseSettings,
  names: readonly Setting[],
  context: StepContext,
): Promise<void> {
  if (names.length === 0) return;
  await askAws(
    {
      doing: `set ${names.join(', ')} of`,
      resource: `database ${input.databaseId}`,
      region: input.region,
      state: statusOf(instance),
      pace: context.pace,
    },
    () =>
      dependencies.aws.rds(input.region).send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: input.databaseId,
          ...modification(wanted, names),
          // Otherwise it would wait for the maintenance window.
          ApplyImmediately: true,
        }),
      ),
  );
}

/** Without what an earlier attempt, whose answer was lost, has asked for already. */
function unpending(
  instance: DBInstance,
  wanted: DatabaseSettings,
  names: readonly Setting[],
): readonly Setting[] {
  const pending = instance.PendingModifiedValues;
  return names.filter(
    (name) =>
      !(name === 'multiAz' && pending?.MultiAZ === wanted.multiAz) &&
      !(name === 'backupRetentionDays' && pending?.BackupRetentionPeriod === wanted.backupRetentionDays),
  );
}

async function existing(dependencies: Dependencies, input: ConfigureDatabase): Promise<DBInstance> {
  const instance = await findDatabase(dependencies, input.region, input.databaseId);
  if (instance !== undefined) return instance;
  throw terminal(`there is no database ${input.databaseId} in ${input.region}. Correct the estate.`);
}

async function findProblems(
  dependencies: Dependencies,
  input: ConfigureDatabase,
  instance: DBInstance | undefined,
): Promise<Problem[]> {
  const { region, parameterGroup, securityGroups } = input;
  const [group, firewalls] = await Promise.all([
    parameterGroup === undefined ||
      askAws(
        { doing: 'describe', resource: `parameter group ${parameterGroup}`, region },
        async () => {
          const client = dependencies.aws.rds(region);
          const reply = await client.send(
            new DescribeDBParameterGroupsCommand({ DBParameterGroupName: parameterGroup }),
          );
          return (reply.DBParameterGroups ?? []).length > 0;
        },
        { notFound: () => false },
      ),
    securityGroups.length === 0 ||
      askAws(
        { doing: 'describe', resource: `security groups ${securityGroups.join(', ')}`, region },
        async () => {
          const client = dependencies.aws.ec2(region);
          await client.send(new DescribeSecurityGroupsCommand({ GroupIds: [...securityGroups] }));
          return true;
        },
        { notFound: () => false },
      ),
  ]);
  const missing = (code: string, what: string): Problem => ({
    code,
    message: `There is no ${what} in ${region}.`,
    remedy: 'Correct the estate, or create it there.',
  });
  return [
    ...(instance === undefined ? [missing('databaseNotFound', `database ${input.databaseId}`)] : []),
    ...(group ? [] : [missing('parameterGroupNotFound', `parameter group ${parameterGroup ?? ''}`)]),
    ...(firewalls
      ? []
      : [missing('securityGroupNotFound', `security group of ${securityGroups.join(', ')}`)]),
  ];
}

function plannedCall(input: ConfigureDatabase, names: readonly Setting[]) {
  const settings = settingsAsFacts(input);
  const parameters: Facts = Object.fromEntries(names.map((name) => [name, settings[name] ?? null]));
  return {
    service: 'rds',
    action: 'ModifyDBInstance',
    region: input.region,
    target: input.databaseId,
    parameters: { ...parameters, ApplyImmediately: true },
  };
}
