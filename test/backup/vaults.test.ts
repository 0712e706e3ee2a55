import {
  CopySnapshotCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import {
  CopyDBSnapshotCommand,
  DescribeDBSnapshotAttributesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBSnapshotAttributeCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { TAGS } from '../../workflows/plan/backup/manifest';
import type { Member } from '../../workflows/plan/backup/manifest';
import type { RestorePoint } from '../../workflows/plan/backup/restore-point';
import { Stock } from '../prune-backups/stock';
import { keysInStore } from '../support/backup-store';
import { runCommand } from '../support/command-line';
import { FailoverBench } from '../support/failover-bench';
import { until } from '../support/until';
import { ARCHIVE, destroyCopy, recordsAt, useVaults } from '../support/vault';

const { account: ACCOUNT } = ARCHIVE;
const REGION = 'eu-west-1';

let bench: FailoverBench;
let ec2: EC2Client;
let rds: RDSClient;

beforeAll(async () => {
  bench = await FailoverBench.open();
  await bench.startWorker();
  // The lab takes twelve digits for the account itself.
  const credentials = { accessKeyId: ACCOUNT, secretAccessKey: 'lab' };
  const options = { region: REGION, endpoint: bench.world.gateway.url, credentials };
  ec2 = new EC2Client(options);
  rds = new RDSClient(options);
  await useVaults(bench, [ARCHIVE]);
});
afterEach(() => bench?.world.gateway.faults.clear());
afterAll(async () => {
  ec2?.destroy();
  rds?.destroy();
  await bench?.close();
});

/** What the other account has of a backup: ids, states and the manifest that they name. */
async function held(backup: string) {
  const [volumes, databases] = await Promise.all([
    ec2.send(
      new DescribeSnapshotsCommand({
        OwnerIds: ['self'],
        Filters: [{ Name: 'tag:runbooks:backup', Values: [backup] }],
      }),
    ),
    rds.send(new DescribeDBSnapshotsCommand({})),
  ]);
  const manifestOf = (tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = []) =>
    tags.find(({ Key }) => Key === 'runbooks:manifest')?.Value;
  return [
    ...(volumes.Snapshots ?? []).map((one) => [one.State, one.OwnerId, one.Encrypted, manifestOf(one.Tags)]),
    ...(databases.DBSnapshots ?? [])
      .filter(({ TagList = [] }) => TagList.some(({ Value }) => Value === backup))
      .map((one) => [one.Status, one.DBSnapshotArn?.split(':')[4], one.Encrypted, manifestOf(one.TagList)]),
  ];
}

/** Accounts that may use the members at the site from which the vault is filled. */
function sharedWith([volume, database]: readonly Member[]): Promise<readonly string[]> {
  const { ec2: ours, rds: ourDatabases } = bench.aws.standby;
  return sharing(ours, ourDatabases, volume!.id, database!.id);
}

async function sharing(volumes: EC2Client, databases: RDSClient, id: string, name: string) {
  const [ebs, db] = await Promise.all([
    volumes.send(
      new DescribeSnapshotAttributeCommand({ SnapshotId: id, Attribute: 'createVolumePermission' }),
    ),
    databases.send(new DescribeDBSnapshotAttributesCommand({ DBSnapshotIdentifier: name })),
  ]);
  return [
    ...(ebs.CreateVolumePermissions ?? []).map(({ UserId = '' }) => UserId),
    ...(db.DBSnapshotAttributesResult?.DBSnapshotAttributes ?? []).flatMap(
      (one) => one.AttributeValues ?? [],
    ),
  ];
}

/** As where the worker runs: the AWS SDK reads the environment of the process. */
async function doctor() {
  const { environment } = bench;
  const names = Object.keys(environment).filter((name) => name.startsWith('AWS_'));
  for (const name of names) process.env[name] = environment[name];
  try {
    const { out } = await runCommand(['doctor', '--json'], { environment });
    return { findings: JSON.parse(out) as { name: string; ok: boolean; detail: string }[] };
  } finally {
    for (const name of names) delete process.env[name];
  }
}

/** Every restore point that is found, in every place. */
async function pointsFound(): Promise<readonly RestorePoint[]> {
  const run = await bench.start(bench.message(), { runbook: 'listBackups' });
  expect((await run.ended()).outcome).toBe('SUCCEEDED');
  const { backups } = (await run.report()) as unknown as {
    backups: { decisions: { point: RestorePoint }[] };
  };
  return backups.decisions.map(({ point }) => point);
}

/** `site state` of every place that knows of it. */
async function placesOf(backup: string): Promise<readonly string[]> {
  return (await pointsFound())
    .filter((point) => point.backup === backup)
    .map(({ place, state }) => `${place.site ?? ''} ${state}`)
    .sort();
}

/** Accounts that the vault lets at its copy. */
async function openInVault(backup: string): Promise<readonly string[]> {
  const [volume, database] = (await recordsAt(bench, backup))['archive']!.members;
  return sharing(ec2, rds, volume!.id, database!.id);
}

const nameOf = async (run: { report(): Promise<unknown> }): Promise<string> =>
  ((await run.report()) as { backup: { name: string } }).backup.name;

/** A backup of another day, at the primary site and in the vault, as `backup` leaves it. */
async function putOldCopy(capturedAt: string): Promise<string> {
  const stock = new Stock(bench);
  const backup = await stock.pair(capturedAt);
  const [snapshot, database] = await stock.members(backup);
  const { ec2: ours, rds: ourDatabases } = bench.aws.primary;
  await ours.send(
    new ModifySnapshotAttributeCommand({
      ...{ SnapshotId: snapshot, Attribute: 'createVolumePermission', OperationType: 'add' },
      UserIds: [ACCOUNT],
    }),
  );
  await ourDatabases.send(
    new ModifyDBSnapshotAttributeCommand({
      ...{ DBSnapshotIdentifier: database, AttributeName: 'restore', ValuesToAdd: [ACCOUNT] },
    }),
  );
  const tagsOf = (volume: string) =>
    Object.entries({
      [TAGS.instance]: bench.world.instance,
      ...{ [TAGS.backup]: backup, [TAGS.members]: 'home', [TAGS.volume]: volume },
      [TAGS.capturedAt]: new Date(capturedAt).toISOString(),
    }).map(([Key, Value]) => ({ Key, Value }));
  const { SnapshotId: id = '' } = await ec2.send(
    new CopySnapshotCommand({
      ...{ SourceRegion: stock.place.region, SourceSnapshotId: snapshot },
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: tagsOf('home') }],
    }),
  );
  const { DBSnapshot } = await rds.send(
    new CopyDBSnapshotCommand({
      SourceDBSnapshotIdentifier: `arn:aws:rds:${stock.place.region}:123456789012:snapshot:${database}`,
      ...{ TargetDBSnapshotIdentifier: database, Tags: tagsOf('database') },
    }),
  );
  const place = { site: 'archive', region: REGION, account: ACCOUNT, vault: true } as const;
  await stock.copied(backup, place, { id, database: DBSnapshot!.DBSnapshotIdentifier! });
  await until('copies in the vault', async () => {
    const states = (await held(backup)).map(([state]) => state);
    return states.join() === 'completed,available' || undefined;
  });
  return backup;
}

test('another account gets every backup, by a copy of its own, and nothing stays open to it', async () => {
  const { faults } = bench.world.gateway;
  // Every answer is lost once: nothing is copied twice.
  for (const action of [
    'AssumeRole',
    'ModifySnapshotAttribute',
    'ModifyDBSnapshotAttribute',
    'CopyDBSnapshot',
  ])
    faults.add({ match: { action, region: REGION }, times: 1, effect: { kind: 'dropAfter' } });
  faults.add({ match: { action: 'CopySnapshot' }, nth: 2, effect: { kind: 'dropAfter' } });
  const run = await bench.start(bench.message(), { runbook: 'backup' });
  const state = await run.ended();
  expect([state.outcome, state.degraded, state.conclusion]).toEqual(['SUCCEEDED', [], expect.anything()]);

  const backup = await nameOf(run);
  const { standby, archive } = await recordsAt(bench, backup);
  expect(archive).toMatchObject({
    place: { site: 'archive', region: REGION, account: ACCOUNT, vault: true },
    members: [{ kind: 'ebs' }, { kind: 'rds' }],
  });
  const { sha256 } = ((await run.report()) as unknown as { backup: { sha256: string } }).backup;
  // EBS encrypts a copy under the key that it is given, RDS only what was encrypted.
  expect(await held(backup)).toEqual([
    ['completed', ACCOUNT, true, sha256],
    ['available', ACCOUNT, false, sha256],
  ]);
  expect(await sharedWith(standby!.members)).toEqual([]);
  expect(await bench.violations()).toEqual([]);
});

test('the vault is a place of its own in the list, and nothing is restored from it', async () => {
  const places = (await pointsFound()).map(({ place, state }) => [place.site, state, place.account]);
  expect(places.filter(([site]) => site === 'archive')).toEqual([['archive', 'complete', ACCOUNT]]);
  expect(places.filter(([site]) => site === 'standby').every(([, , account]) => account !== ACCOUNT)).toBe(
    true,
  );

  const { findings } = await doctor();
  expect(findings.find(({ name }) => name === 'vault archive')).toMatchObject({
    ok: true,
    detail: expect.stringContaining(`arn:aws:sts::${ACCOUNT}:`),
  });

  // What is restored at the standby site is ours, though the vault is in the same region and newer.
  const dry = await bench.start(bench.message({ dryRun: true, site: 'standby' }), { runbook: 'restore' });
  expect(JSON.stringify((await dry.ended()).problems)).not.toContain('archive');
});

test('what was deleted in our account comes back from the vault, and an abort leaves no permission behind', async () => {
  const [backup] = [...new Set((await keysInStore(bench)).map((key) => key.split('/')[2]!))];
  await destroyCopy(bench, backup!);

  const fetch = () => bench.start(bench.message({ backup }), { runbook: 'fetchBackup' });
  const denied = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const;
  const fault = bench.world.gateway.faults.add({ match: { action: 'CopySnapshot' }, effect: denied });
  const first = await fetch();
  const ask = await first.asked('copyBackup.standby.failed');
  await first.decide({ ask: ask.id, verdict: 'abort', actor: 'grace' });
  expect((await first.ended()).outcome).toBe('UNDONE');
  expect(await openInVault(backup!)).toEqual([]);
  bench.world.gateway.faults.remove(fault);

  const second = await fetch();
  const state = await second.ended();
  expect([state.outcome, state.degraded, state.followUps.length]).toEqual(['SUCCEEDED', [], 1]);
  expect(await openInVault(backup!)).toEqual([]);
  expect(await placesOf(backup!)).toEqual(['archive complete', 'primary complete', 'standby complete']);

  const again = await (await fetch()).ended();
  expect([again.outcome, again.problems.map(({ code }) => code)]).toEqual(['REFUSED', ['alreadyThere']]);
  expect(await bench.violations()).toEqual([]);
});

test('what the policy does not keep goes from the vault as well, by its role', async () => {
  await useVaults(bench, [ARCHIVE], { newestOnly: true });
  const old = await putOldCopy('2026-10-01T10:00:00Z');
  expect(await placesOf(old)).toEqual(['archive complete', 'primary complete']);
  const run = await bench.start(bench.message(), { runbook: 'pruneBackups' });
  await run.approve('pruneBackups', 'grace', 'linus');
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(state.steps.map(({ id }) => id)).toContain(`deleteRestorePoint.${old}.archive`);
  expect(await held(old)).toEqual([]);
  expect(await placesOf(old)).toEqual([]);
});

test('a role that cannot be taken on is asked about in clear words; mended, the copy is made', async () => {
  const role = `arn:aws:iam::${ACCOUNT}:role/other`;
  await useVaults(bench, [{ ...ARCHIVE, role }], { asks: true });
  const fault = bench.world.gateway.faults.add({
    match: { action: 'AssumeRole' },
    effect: {
      kind: 'error',
      code: 'AccessDenied',
      status: 403,
      message: `worker is not authorized to perform: sts:AssumeRole on resource: ${role}`,
    },
  });
  const run = await bench.start(bench.message(), { runbook: 'backup' });
  const ask = await run.asked('copyBackup.archive.failed');
  const { findings } = await doctor();
  expect(findings.find(({ name }) => name === 'vault archive')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/does not let us in: AccessDenied/),
  });
  expect(ask.evidence.join(' ')).toContain(`sts:AssumeRole on resource: ${role}`);
  bench.world.gateway.faults.remove(fault);
  await run.decide({ ask: ask.id, verdict: 'retry', actor: 'grace' });
  const state = await run.ended();
  expect([state.outcome, state.degraded]).toEqual(['SUCCEEDED', []]);
  expect(await held(await nameOf(run))).toHaveLength(2);
});

test('a copy that the other account may not make leaves neither half of it there', async () => {
  await useVaults(bench, [ARCHIVE], { deadlines: { shareBackup: 30 }, asks: true });
  // Taken back behind our back, as a person or a policy may do: EBS accepts the copy and fails it.
  bench.world.gateway.use({
    service: 'ec2',
    handlers: {
      ModifySnapshotAttribute: (call, forward) => forward({ ...call.parameters, OperationType: 'remove' }),
    },
  });
  const run = await bench.start(bench.message(), { runbook: 'backup' });
  const ask = await run.asked('shareBackup.archive.failed');
  expect(ask.evidence.join(' ')).toContain('not changed yet');
  await run.decide({ ask: ask.id, verdict: 'skip', actor: 'grace', note: 'the archive can wait' });
  const failed = await run.asked('copyBackup.archive.failed');
  expect(failed.evidence.join(' ')).toMatch(/copy of .+ in eu-west-1 failed: .+not found/);
  const backup = (await run.status()).facts.find(({ label }) => label === 'backup')!.value;
  // RDS takes its time over a deletion that the step does not wait for.
  await until('both halves to be gone', async () => (await held(backup)).length === 0 || undefined);
  await run.decide({ ask: failed.id, verdict: 'abort', actor: 'grace' });
  expect((await run.ended()).outcome).not.toBe('SUCCEEDED');
});
