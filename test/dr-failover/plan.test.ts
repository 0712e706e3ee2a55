import { readFileSync, writeFileSync } from 'node:fs';
import { DescribeAutoScalingGroupsCommand, SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import { CreateTagsCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { CreateDBSnapshotCommand, DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import type { WorkflowFailedError } from '@temporalio/client';
import { plan as planQuery } from '../../workflows/runbook/messages';
import type { RunState } from '../../workflows/runbook/state';
import { FailoverBench } from '../support/failover-bench';
import { footprint } from '../support/footprint';
import type { LiveRun } from '../support/live-run';
import { doorsOf, push } from '../support/push';
import { refusalOf } from '../support/refusal';
import { until } from '../support/until';

let bench: FailoverBench;
let before: Awaited<ReturnType<typeof footprint>>;
let mark: number;

// Slow enough that a database is seen while it is backing-up.
beforeAll(async () => {
  bench = await FailoverBench.open({ scale: 12 });
  await bench.startWorker();
  before = await footprint(bench);
});
afterAll(() => bench?.close());

beforeEach(() => {
  mark = bench.mark;
});
afterEach(async () => {
  await bench.changeEstate();
  expect(await bench.violations()).toEqual([]);
});

const codes = ({ problems }: RunState): readonly string[] => problems.map(({ code }) => code);

async function dryRun(): Promise<RunState> {
  return (await bench.start(bench.message({ dryRun: true }))).ended();
}

/** What a healthy world is asked before a failover: the gate itself, and whether the users may be cut off. */
async function atTheGate(): Promise<LiveRun> {
  const run = await bench.start();
  await run.asked('failover');
  await run.asked('primaryAlive');
  return run;
}

describe('what is typed at the start', () => {
  test.each([
    ['an empty object', {}, '"instance" is missing: name an instance of the estate'],
    ['text', 'bitbucket-prod', 'not with the string "bitbucket-prod"'],
    ['nothing', null, 'not with nothing'],
    ['a list', [{ instance: 'bitbucket-prod' }], 'not with a list'],
    [
      'a misspelt member',
      { instanse: 'bitbucket-prod' },
      '"instanse" is not known (did you mean "instance"?)',
    ],
    ['a wrong type', { instance: 'bitbucket-prod', dryRun: 'yes' }, '"dryRun"'],
    [
      'an impossible time',
      { instance: 'bitbucket-prod', incidentStartedAt: 'noon' },
      'must be a time such as',
    ],
    [
      'an instance that the estate does not have',
      { instance: 'bitbucket-prdo' },
      'no instance "bitbucket-prdo" in the estate. Did you mean "bitbucket-prod"?',
    ],
  ])('%s is REFUSED in words that say what a start looks like', async (_what, message, words) => {
    const run = await bench.start(message);
    const failure: unknown = await run.handle.result().catch((error: unknown) => error);
    expect((failure as WorkflowFailedError).cause).toMatchObject({ type: 'REFUSED' });
    const state = await run.status();
    expect([state.outcome, codes(state)]).toEqual(['REFUSED', ['invalidInput']]);
    expect(state.problems[0]!.message).toContain(words);
    expect(bench.changesSince(mark)).toEqual([]);
  });

  test('an estate with a typo is REFUSED with its line and column; once mended it needs no restart', async () => {
    const { estate } = bench.world;
    const text = readFileSync(estate, 'utf8');
    writeFileSync(estate, text.replace('fileServer:', 'fileSever:'));
    const line = text.slice(0, text.indexOf('fileServer:')).split('\n').length;
    const state = await dryRun();
    expect([state.outcome, codes(state)]).toEqual(['REFUSED', ['invalidInput']]);
    expect(state.problems[0]!.message).toContain(`${estate}:${line}:9`);
    expect(state.problems[0]!.message).toMatch(/fileSever.*did you mean "?fileServer/is);
    writeFileSync(estate, text);
    expect((await dryRun()).outcome).toBe('PLANNED');
  });
});

describe('the plan', () => {
  test('a dry run makes no changing call, takes no lease, and tells steps, calls and points of no return', async () => {
    const run = await bench.start(bench.message({ dryRun: true }));
    const state = await run.ended();
    expect([state.outcome, codes(state)]).toEqual(['PLANNED', ['primaryAnswers']]);
    expect(bench.changesSince(mark)).toEqual([]);
    expect(state.calls.mutating).toBe(0);
    expect(await footprint(bench)).toEqual(before);
    const lease = bench.client.workflow.getHandle(`lease/${bench.world.instance}`);
    await expect(lease.describe()).rejects.toThrow(/not found/i);
    const plan = (await run.handle.query(planQuery))!;
    expect(plan.pointsOfNoReturn).toEqual(['promoteReplica', 'switchDns']);
    expect(plan.steps.flatMap(({ calls }) => calls.map(({ action }) => action))).toEqual(
      expect.arrayContaining([
        'RevokeSecurityGroupIngress',
        'CreateVolume',
        'PromoteReadReplica',
        'ChangeResourceRecordSets',
      ]),
    );
    expect(plan.steps.filter(({ risk, undo }) => risk === 'reversible' && undo === null)).toEqual([]);
  });

  test('tells how replication is, and counts what may be lost up to the incident that people told', async () => {
    const incidentStartedAt = new Date(Date.now() - 5000).toISOString();
    const run = await bench.start(bench.message({ dryRun: true, incidentStartedAt }));
    const { facts } = await run.ended();
    expect(facts).toContainEqual({ label: 'replication', value: 'replicating' });
    const { events } = await run.handle.fetchHistory();
    const check = events!
      .map((event) => event.activityTaskScheduledEventAttributes)
      .find((scheduled) => scheduled?.activityType?.name === 'promoteReplica.check')!;
    const [given] = check.input!.payloads!;
    expect(JSON.parse(Buffer.from(given!.data!).toString())).toMatchObject({ input: { incidentStartedAt } });
  });

  test('a replica that is still backing-up is REFUSED', async () => {
    const { databaseId } = bench.world.sites.standby.layout;
    const { rds } = bench.aws.standby;
    const status = async (): Promise<string | undefined> =>
      (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: databaseId }))).DBInstances![0]!
        .DBInstanceStatus;
    await rds.send(
      new CreateDBSnapshotCommand({ DBInstanceIdentifier: databaseId, DBSnapshotIdentifier: 'by-hand' }),
    );
    await until('backing-up', async () => (await status()) === 'backing-up' || undefined);
    const state = await (await bench.start()).ended();
    expect([state.outcome, codes(state)]).toEqual(['REFUSED', expect.arrayContaining(['replicaBackingUp'])]);
    expect(state.conclusion).toContain('backing-up');
    await until('available', async () => (await status()) === 'available' || undefined);
  });

  describe('of the home copies', () => {
    const tag = async (Key: string, Value: string, Resources: string[]): Promise<void> => {
      await bench.aws.standby.ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key, Value }] }));
    };
    const copies = async (): Promise<string[]> => {
      const { Snapshots = [] } = await bench.aws.standby.ec2.send(
        new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:runbooks:volume', Values: ['home'] }] }),
      );
      return Snapshots.map(({ SnapshotId }) => SnapshotId!);
    };

    test('none at all is REFUSED', async () => {
      await tag('runbooks:instance', 'another', await copies());
      try {
        const state = await (await bench.start()).ended();
        expect([state.outcome, codes(state)]).toEqual(['REFUSED', expect.arrayContaining(['noHomeCopy'])]);
      } finally {
        await tag('runbooks:instance', bench.world.instance, await copies());
      }
    });

    test('a set that lacks one of its volumes is REFUSED', async () => {
      await tag('runbooks:members', 'home,data', await copies());
      try {
        const state = await (await bench.start()).ended();
        expect([state.outcome, codes(state)]).toEqual([
          'REFUSED',
          expect.arrayContaining(['incompletePair']),
        ]);
        expect(state.conclusion).toContain('data is missing');
      } finally {
        await tag('runbooks:members', 'home', await copies());
      }
    });

    test('a complete older set is taken instead of a newer incomplete one, and the plan says so', async () => {
      const older = await copies();
      bench.world.clock.hurry();
      const newer = await bench.world.homeCopies.copy();
      bench.world.clock.settle();
      await tag('runbooks:members', 'home,data', [newer]);
      try {
        const run = await bench.start(bench.message({ dryRun: true }));
        const { outcome, facts } = await run.ended();
        const found = facts.find(({ label }) => label === 'newer copies not usable')?.value;
        expect([outcome, found]).toEqual(['PLANNED', expect.stringContaining('data is missing')]);
        const plan = (await run.handle.query(planQuery))!;
        const create = plan.steps.find(({ id }) => id === 'createHomeVolume')!;
        expect(create.material).toMatchObject({ snapshotId: older[0] });
      } finally {
        await tag('runbooks:members', 'home', [newer]);
      }
    });
  });

  test('a standby that already runs nodes is REFUSED', async () => {
    const { autoScalingGroup } = bench.world.sites.standby.layout;
    const { autoScaling } = bench.aws.standby;
    const want = (DesiredCapacity: number) =>
      autoScaling.send(
        new SetDesiredCapacityCommand({ AutoScalingGroupName: autoScalingGroup, DesiredCapacity }),
      );
    const nodes = async (): Promise<number> =>
      (await autoScaling.send(new DescribeAutoScalingGroupsCommand({}))).AutoScalingGroups![0]!.Instances!
        .length;
    await want(1);
    await until('a node', async () => (await nodes()) === 1 || undefined);
    try {
      const state = await (await bench.start()).ended();
      expect([state.outcome, codes(state)]).toEqual([
        'REFUSED',
        expect.arrayContaining(['standbyHasRunningNodes']),
      ]);
    } finally {
      await want(0);
      await until('no node', async () => (await nodes()) === 0 || undefined);
    }
  });

  test('a replica that lags above the limit needs the consent of a manager, with a reason', async () => {
    const { region, databaseId } = bench.world.sites.standby.layout;
    await bench.changeEstate((estate) => ({
      ...estate,
      policy: { ...estate.policy, dataLoss: { ...estate.policy?.dataLoss, database: '1s' } },
    }));
    await bench.world.databases.pauseReplay(region, databaseId);
    try {
      await push(bench.world, doorsOf(bench.world, 'primary')[0]!);
      await until('lag', async () => codes(await dryRun()).includes('replicaLagAboveLimit') || undefined);
      const run = await bench.start();
      const ask = await run.asked('dataLoss');
      expect(ask.evidence.join()).toMatch(/would lose \d+ s of commits, the limit is 1 s/);
      const bare = { ask: 'dataLoss', verdict: 'approve', planHash: ask.planHash! } as const;
      expect(await run.decide({ ...bare, actor: 'margaret' }).catch(refusalOf)).toContain('needs a reason');
      expect(await run.decide({ ...bare, actor: 'grace', note: 'no' }).catch(refusalOf)).toContain(
        'none of the roles',
      );
      await run.decide({ ...bare, actor: 'margaret', note: 'the region is lost, seconds do not matter' });
      const { asks } = await run.status();
      expect(asks.find(({ id }) => id === 'dataLoss')).toMatchObject({
        result: 'approve',
        decisions: [{ actor: 'margaret', note: 'the region is lost, seconds do not matter' }],
      });
      await run.decide({ ask: 'failover', verdict: 'deny', actor: 'grace', note: 'only a test' });
      expect((await run.ended()).outcome).toBe('DENIED');
    } finally {
      await bench.world.databases.resumeReplay(region, databaseId);
    }
  });
});

describe('at the gate', () => {
  test('neither the starter, nor a stranger, nor the same person twice, nor an old plan counts', async () => {
    const { planHash: old } = await dryRun();
    const run = await atTheGate();
    const { planHash, needed } = await run.asked('failover');
    const approval = { ask: 'failover', verdict: 'approve', planHash: planHash! } as const;
    const said = (message: object): Promise<unknown> =>
      run.decide({ ...approval, ...message } as never).catch(refusalOf);
    expect(await said({ actor: 'ada' })).toContain('ada started this run and cannot approve it');
    expect(await said({ actor: 'mallory' })).toContain('"mallory" is not among the people of the estate');
    expect(await said({ actor: 'grace', planHash: old })).toContain(`names plan ${old}`);
    expect(await said({ actor: 'grace' })).toMatchObject({ missing: 1 });
    expect(await said({ actor: 'grace' })).toContain('each person counts once');
    const state = await run.status();
    expect(state.asks.find(({ id }) => id === 'failover')).toMatchObject({
      result: null,
      decisions: [{ actor: 'grace' }],
    });
    expect([state.phase, needed]).toEqual(['asking', 2]);
    expect(bench.changesSince(mark)).toEqual([]);
    await run.handle.cancel();
    await run.ended();
  });

  test('a second failover of the same instance is REFUSED and names the first', async () => {
    const run = await atTheGate();
    const second = await (await bench.start()).ended();
    expect([second.outcome, codes(second)]).toEqual(['REFUSED', ['instanceBusy']]);
    expect(second.problems[0]!.message).toContain(run.id);
    expect(second.problems[0]!.remedy).toContain(`runbooks watch ${run.id}`);
    expect((await run.status()).phase).toBe('asking');
    await run.handle.cancel();
    expect((await run.ended()).outcome).toBe('UNDONE');
  });

  test('a denial leaves the world untouched and the instance free', async () => {
    const run = await atTheGate();
    await run.decide({ ask: 'failover', verdict: 'deny', actor: 'linus', note: 'wait for the provider' });
    const state = await run.ended();
    expect([state.outcome, state.conclusion]).toEqual([
      'DENIED',
      expect.stringContaining('wait for the provider'),
    ]);
    expect(bench.changesSince(mark)).toEqual([]);
    expect(state.calls.mutating).toBe(0);
    expect(await footprint(bench)).toEqual(before);
    const next = await atTheGate();
    await next.handle.cancel();
    await next.ended();
  });
});
