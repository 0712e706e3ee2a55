import { DescribeSecurityGroupsCommand } from '@aws-sdk/client-ec2';
import { DescribeDBParameterGroupsCommand, ModifyDBInstanceCommand } from '@aws-sdk/client-rds';
import type { DBInstance } from '@aws-sdk/client-rds';

import { valueOf } from '../../../workflows/runbook/observed';
import type { Facts, Problem, StepContext } from '../../../workflows/runbook/step';
import { configureDatabase } from '../../../workflows/steps/database';
import type { ConfigureDatabase, ConfiguredDatabase } from '../../../workflows/steps/database';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { askAws } from '../errors';
import { observe } from '../observe';
import { lookAgain } from '../pace';
import { lookTwice } from '../unsettled';
import {
  carriedOver,
  differences,
  modification,
  notCarriedOver,
  settingsAsFacts,
  settingsFromFacts,
  settingsOf,
} from './database-settings';
import type { DatabaseSettings, Setting } from './database-settings';
import { isBroken, isServing, sourceOf, statusOf } from './database-status';
import { findDatabase } from './find-database';

/** Differs from everything that can be wanted. */
const NOTHING_SET: DatabaseSettings = {
  multiAz: false,
  backupRetentionDays: -1,
  deletionProtection: false,
  securityGroups: [],
};

/** [A §5.4, B §13.1 #8] */
export function configureDatabaseImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<ConfigureDatabase, ConfiguredDatabase>(configureDatabase, {
    actions: [
      'rds:DescribeDBInstances',
      'rds:DescribeDBParameterGroups',
      'rds:ModifyDBInstance',
      'ec2:DescribeSecurityGroups',
    ],

    async check(input, context) {
      const [instance, missing, former] = await Promise.all([
        findDatabase(dependencies, input.region, input.databaseId),
        findMissing(dependencies, input),
        findFormer(dependencies, input),
      ]);
      // In a plan it has its own name still.
      const wanted = without(input, missing, former ?? (input.formerId === undefined ? former : instance));
      // In a plan the database that is seen is not yet the one that will be set.
      const unseen = input.afterRestore === true && context.token === null;
      const changed =
        instance === undefined ? [] : differences(unseen ? NOTHING_SET : settingsOf(instance), wanted);
      return {
        state: instance !== undefined && changed.length === 0 ? 'done' : 'needed',
        before: instance === undefined ? {} : settingsAsFacts(settingsOf(instance)),
        calls: changed.length === 0 ? [] : [plannedCall(input, wanted, changed)],
        problems: [
          ...(instance === undefined ? [databaseMissing(input)] : []),
          ...missing.map((what) => settingMissing(what, input.region)),
        ],
        output: { changed },
        undo: input.afterRestore === true ? 'none: it is deleted' : 'give the former settings back',
        material: settingsAsFacts(input),
        notes:
          instance !== undefined && sourceOf(instance) !== null
            ? ['it is still a replica; the settings are compared again after the promotion']
            : [],
      };
    },

    async run(input, context) {
      const instance = await existing(dependencies, input);
      const wanted = without(
        input,
        await findMissing(dependencies, input),
        await findFormer(dependencies, input),
      );
      const changed = differences(settingsOf(instance), wanted);
      await modify(dependencies, input, instance, wanted, unpending(instance, wanted, changed), context);
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
      const missing = await findMissing(dependencies, input);
      const former = await findFormer(dependencies, input);
      const lacking = differences(settingsOf(instance), without(input, missing, former));
      const multiAzFollows = input.multiAzMayFollow === true && isConverting(instance);
      const left = lacking.filter((name) => !(name === 'multiAz' && multiAzFollows));
      if (left.length > 0) {
        throw lookAgain(`${input.databaseId} is ${status}; not there yet: ${left.join(', ')}`, context);
      }
      if (!isServing(status) && !multiAzFollows)
        throw lookAgain(`${input.databaseId} is set and ${status}`, context);
      const waiting = instance.DBParameterGroups?.[0]?.ParameterApplyStatus === 'pending-reboot';
      const degraded = [
        ...missing.map((what) => `${what.text} does not exist in ${input.region} and was not set`),
        ...(waiting ? [`parameter group ${input.parameterGroup ?? ''} takes effect at the next reboot`] : []),
        ...(former === undefined ? [] : notCarriedOver(instance, former)),
      ];
      return {
        output: { changed: [], ...output, ...(multiAzFollows ? { multiAzFollows } : {}) },
        facts: {
          ...settingsAsFacts(settingsOf(instance)),
          ...(multiAzFollows ? { multiAz: 'being set up' } : {}),
        },
        ...(degraded.length === 0 ? {} : { degraded }),
      };
    },

    async undo(input, { before, output }, context) {
      const former = settingsFromFacts(before);
      const instance = await findDatabase(dependencies, input.region, input.databaseId);
      if (former === undefined || instance === undefined) return { changed: false, facts: {} };
      const ours = output?.changed ?? differences(former, input);
      const back = differences(settingsOf(instance), former).filter((name) => ours.includes(name));
      if (output === undefined && back.length === 0)
        lookTwice(dependencies.aws, `a change of ${input.databaseId}`);
      // It is deleted next, which would only have to wait for what is given back.
      if (input.afterRestore === true) return { changed: false, facts: { givenBack: '' } };
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

/**
 * Whether RDS is making it Multi-AZ: from a snapshot, for as long as its size takes, and with no outage [RDS User Guide,
 * "Converting a DB instance to a Multi-AZ deployment"]. Pending alone may wait for the maintenance window.
 */
function isConverting(instance: DBInstance): boolean {
  return instance.PendingModifiedValues?.MultiAZ === true && statusOf(instance) === 'modifying';
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

/** The database whose place the restored one has taken. */
async function findFormer(
  dependencies: Dependencies,
  { region, formerId }: ConfigureDatabase,
): Promise<DBInstance | undefined> {
  return formerId === undefined ? undefined : findDatabase(dependencies, region, formerId);
}

/** A group of the estate that does not exist in the region. */
interface Missing {
  readonly setting: 'parameterGroup' | 'securityGroups';
  /** As an operator knows it, e.g. `parameter group bitbucket-15`. */
  readonly text: string;
}

/** Groups that cannot be set because they do not exist; what cannot be asked about counts as there. */
async function findMissing(
  dependencies: Dependencies,
  input: ConfigureDatabase,
): Promise<readonly Missing[]> {
  const { region, parameterGroup, securityGroups } = input;
  const found = await Promise.all([
    isMissing(parameterGroup !== undefined, `parameter group ${parameterGroup ?? ''}`, region, async () => {
      const request = new DescribeDBParameterGroupsCommand({ DBParameterGroupName: parameterGroup });
      return (await dependencies.aws.rds(region).send(request)).DBParameterGroups;
    }),
    isMissing(
      securityGroups.length > 0,
      `security group of ${securityGroups.join(', ')}`,
      region,
      async () => {
        const request = new DescribeSecurityGroupsCommand({ GroupIds: [...securityGroups] });
        return (await dependencies.aws.ec2(region).send(request)).SecurityGroups;
      },
    ),
  ]);
  return (['parameterGroup', 'securityGroups'] as const).flatMap((setting, index) => {
    const text = found[index];
    return text === undefined ? [] : [{ setting, text }];
  });
}

/** The text, if it does not exist. */
async function isMissing(
  wanted: boolean,
  text: string,
  region: string,
  describe: () => Promise<readonly unknown[] | undefined>,
): Promise<string | undefined> {
  if (!wanted) return undefined;
  const there = await observe(() =>
    askAws({ doing: 'describe', resource: text, region }, describe, { notFound: () => [] }),
  );
  return valueOf(there)?.length === 0 ? text : undefined;
}

/** The settings as far as they can be set; an absent group leaves the database's own alone. */
function without(
  input: ConfigureDatabase,
  missing: readonly Missing[],
  former: DBInstance | undefined,
): DatabaseSettings {
  const lacks = (setting: Missing['setting']): boolean => missing.some((one) => one.setting === setting);
  return {
    multiAz: input.multiAz,
    backupRetentionDays: input.backupRetentionDays,
    deletionProtection: input.deletionProtection,
    ...(input.parameterGroup === undefined || lacks('parameterGroup')
      ? {}
      : { parameterGroup: input.parameterGroup }),
    securityGroups: lacks('securityGroups') ? [] : input.securityGroups,
    ...(former === undefined ? {} : carriedOver(former)),
  };
}

function databaseMissing(input: ConfigureDatabase): Problem {
  return {
    code: 'databaseNotFound',
    message: `There is no database ${input.databaseId} in ${input.region}.`,
    remedy: 'Correct the estate, or create it there.',
  };
}

function settingMissing({ setting, text }: Missing, region: string): Problem {
  return {
    code: setting === 'parameterGroup' ? 'parameterGroupNotFound' : 'securityGroupNotFound',
    message: `There is no ${text} in ${region}.`,
    remedy:
      'Correct the estate, or create it there; or consent to leave the setting as it is, and set it later.',
    consent: 'missingSettings',
  };
}

function plannedCall(input: ConfigureDatabase, wanted: DatabaseSettings, names: readonly Setting[]) {
  const settings = settingsAsFacts(wanted);
  const parameters: Facts = Object.fromEntries(names.map((name) => [name, settings[name] ?? null]));
  return {
    service: 'rds',
    action: 'ModifyDBInstance',
    region: input.region,
    target: input.databaseId,
    parameters: { ...parameters, ApplyImmediately: true },
  };
}
