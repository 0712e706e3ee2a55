import fc from 'fast-check';
import type { DrillSite } from '../../../../workflows/plan/instance';
import { drillProblems } from '../../../../workflows/plan/verify/drill-problems';
import { pickPoint } from '../../../../workflows/plan/verify/pick-point';
import type { Pick } from '../../../../workflows/plan/verify/pick-point';
import { sampleOf } from '../../../../workflows/plan/verify/sample';
import { failedCheck, recordedChecks, verdictOf } from '../../../../workflows/plan/verify/verdict';
import type { DrillFacts } from '../../../../workflows/steps/verify';
import { lastOfEach } from '../../../../activities/hosts/repository-rows';
import { HERE, point, THERE } from '../backup/points';

const DRILL: DrillSite = {
  region: THERE.region,
  stack: { name: 'drill', propertiesParameter: 'BitbucketProperties' },
  nodes: { autoScalingGroup: 'drill-nodes', port: 7990 },
  fileServer: {
    instanceId: 'i-1',
    sharedHome: '/media/atl',
    exportPath: '/media/atl',
    exportTo: '10.0.0.0/16(rw)',
    owner: 'bitbucket',
    volumes: [{ name: 'home', device: '/dev/xvdf', mountPoint: '/media/atl', type: 'gp3' }],
  },
  database: { id: 'drill-db', subnetGroup: 'drill', securityGroups: ['sg-1'] },
};

const MEMBERS = [
  { kind: 'ebs', name: 'home', id: 'snap-1', status: 'completed' },
  { kind: 'rds', name: 'database', id: 'db-1', status: 'available' },
] as const;
const copy = (at: string, more: Parameters<typeof point>[1] = {}) =>
  point(at, { place: THERE, members: MEMBERS, ...more });

describe('which backup is tried', () => {
  const points = [
    copy('2026-11-18T10:00:00Z'),
    copy('2026-11-19T10:00:00Z', { state: 'incomplete' }),
    copy('2026-11-20T10:00:00Z'),
    // Newer, and where no drill site is.
    point('2026-11-21T10:00:00Z', { place: HERE, members: MEMBERS }),
    copy('2026-11-21T12:00:00Z'),
  ];
  const asOf = '2026-11-21T11:00:00Z';
  const pick = (how: Pick, seed = 'a'): string => {
    const choice = pickPoint(points, DRILL, { pick: how, seed, asOf });
    return 'problem' in choice ? choice.problem.code : choice.point.capturedAt.slice(0, 10);
  };

  test('the newest or the oldest that is whole, in the region of the drill site, when the run began', () => {
    expect([pick('newest'), pick('oldest')]).toEqual(['2026-11-20', '2026-11-18']);
  });

  test('by chance: the same for one run, each of them over many', () => {
    expect(pick('random', 'run-1')).toBe(pick('random', 'run-1'));
    const seen = new Set(Array.from({ length: 40 }, (_, index) => pick('random', `run-${index}`)));
    expect([...seen].sort()).toEqual(['2026-11-18', '2026-11-20']);
  });

  test('a name goes before, and says why it cannot be', () => {
    const named = (backup: string) => pickPoint(points, DRILL, { backup, pick: 'newest', seed: '', asOf });
    expect(named(points[0]!.backup)).toMatchObject({ database: 'db-1', volumes: { home: 'snap-1' } });
    expect(named(points[1]!.backup)).toMatchObject({ problem: { code: 'incompletePair' } });
    expect(named(points[3]!.backup)).toMatchObject({ problem: { code: 'backupElsewhere' } });
  });

  test('none at all is told with what to do', () => {
    const wish = { pick: 'newest' as const, seed: '', asOf };
    expect(pickPoint([points[3]!], DRILL, wish)).toMatchObject({ problem: { code: 'nothingToVerify' } });
  });
});

describe('whether the drill site is free', () => {
  const free: DrillFacts = {
    fileServer: 'running',
    availabilityZone: 'eu-west-1a',
    attached: [],
    group: { desired: 0, instances: 0 },
    database: null,
    version: '8.19.4',
  };
  const codes = (more: Partial<DrillFacts>, version: string | null = '8.19.4') =>
    drillProblems(DRILL, { ...free, ...more }, version).map(({ code }) => code);

  test('it is', () => {
    expect(codes({})).toEqual([]);
    expect([codes({ version: null }), codes({}, null)]).toEqual([[], []]);
  });

  test.each([
    [{ fileServer: null }, 'drillFileServerNotRunning'],
    [{ fileServer: 'stopped' }, 'drillFileServerNotRunning'],
    [{ attached: ['/dev/xvdf vol-1'] }, 'drillInUse'],
    [{ group: null }, 'drillGroupNotFound'],
    [{ group: { desired: 1, instances: 0 } }, 'drillInUse'],
    [{ group: { desired: 0, instances: 1 } }, 'drillInUse'],
    [{ database: { status: 'available', run: null } }, 'drillDatabaseExists'],
    [{ version: '9.0.0' }, 'otherVersion'],
    [
      { live: [{ parameter: 'DBHost', database: 'bitbucket-db', site: 'primary' }] },
      'drillNamesLiveDatabase',
    ],
  ])('%j is refused for good', (more, code) => {
    const [problem] = drillProblems(DRILL, { ...free, ...more }, '8.19.4');
    expect(problem).toMatchObject({ code });
    expect(problem!.consent).toBeUndefined();
  });
});

test('a drill stack that names a database of the service is refused with parameter, database and site', () => {
  const live = [{ parameter: 'DBHost', database: 'bitbucket-db', site: 'primary' }];
  const facts: DrillFacts = {
    ...{ fileServer: 'running', availabilityZone: 'eu-west-1a', attached: [], database: null, version: null },
    ...{ group: { desired: 0, instances: 0 }, live },
  };
  const [problem] = drillProblems(DRILL, facts, null);
  expect(problem!.message).toMatch(/^Parameter DBHost of the stack drill names bitbucket-db, .* of primary/);
  expect(problem!.remedy).toContain('Let DBHost name the endpoint that drill-db will have');
});

describe('what a trial says', () => {
  const good = { name: 'smokeTest', passed: true, detail: 'ok' };
  const bad = { name: 'compareRows', passed: false, detail: 'OPS/probe (1) has no directory' };

  test('all checks passed', () => {
    expect(verdictOf([good], null)).toEqual({ result: 'passed', checks: [good], why: null });
  });

  test('one check failed, whatever ended the trial', () => {
    const why = 'compareRows: OPS/probe (1) has no directory';
    expect(verdictOf([good, bad], null)).toEqual({ result: 'failed', checks: [good, bad], why });
    const late = verdictOf([good, bad], { step: null, why: 'not done within 6 h' });
    expect([late.result, late.why]).toEqual(['failed', why]);
  });

  test.each([
    ['mountHome', '/home has no bitbucket.properties: the volume is not a copy of the shared home'],
    [
      'mountHome',
      'mount-home.sh on i-1 failed with exit code 1: mount: wrong fs type, bad option, bad superblock',
    ],
    ['startNode.1', 'node i-1 (10.0.0.1) in eu-west-1 says ERROR: it could not start.'],
    ['startNode.1', 'node i-1 (10.0.0.1) in eu-west-1 says FIRST_RUN: it sees an empty database or home'],
  ])('%s tells of the backup: %s', (step, why) => {
    const verdict = verdictOf([], { step, why });
    expect(verdict).toMatchObject({ result: 'failed', why: `${step}: ${why}` });
    expect(verdict.checks).toEqual([{ name: step, passed: false, detail: why }]);
  });

  test.each([
    ['createHomeVolume', 'quota'],
    ['restoreDrillDatabase', 'quota'],
    [null, 'not done within 6 h'],
    ['mountHome', 'mount-home.sh was not fetched by i-1 in eu-west-1 within 20 s'],
    ['mountHome', "not there within the step's budget: volume home: device /dev/xvdf is not there yet"],
    [
      'startNode.1',
      "not there within the step's budget: 0 of 1 nodes in service: no instance yet; the last launch failed: no capacity",
    ],
    ['startNode.1', 'node i-1 (10.0.0.1) in eu-west-1 says MAINTENANCE: it is locked for maintenance.'],
    [
      'startNode.1',
      "no answer within the step's budget (START_TO_CLOSE); last: node i-1 says ERROR: it could not start.",
    ],
  ])('%s tells nothing of it: %s', (step, why) => {
    expect(verdictOf([good], { step, why })).toMatchObject({
      result: null,
      why: expect.stringContaining(why),
    });
  });

  const found = {
    compareWithBackup: 'the restored instance is not what was backed up: 0 projects, the manifest says 3',
    checkRepositories: 'git finds 1 of 9 repositories broken: SHOP/storefront (2): error: bad blob',
    smokeTest: 'http://n shows the set-up wizard: it sees an empty database or home',
    cloneRepositories: 'the clone of SHOP/storefront is not whole: missing blob 1',
  };
  test.each(Object.entries(found))('%s has found something', (name, why) => {
    const check = failedCheck(name, why);
    expect(check).toEqual({ name, passed: false, detail: why });
    expect(verdictOf([good, check], null)).toMatchObject({ result: 'failed', why: `${name}: ${why}` });
  });

  const inTheWay = {
    compareWithBackup:
      'the restored instance is not what was backed up: Bitbucket 9.5.0, the backup is of 9.4.1',
    compareRows: 'secret env:DB: not set',
    checkRepositories: 'i-1 in eu-west-1 takes no commands: not managed by Systems Manager or not running',
    smokeTest: 'git push of OPS/probe at http://n as probe failed: Authentication failed.',
    cloneRepositories: 'git clone of SHOP/storefront failed with exit code 128: fatal: early EOF',
  };
  test.each(Object.entries(inTheWay))(
    '%s could not be carried out: neither passed nor failed',
    (name, why) => {
      const check = failedCheck(name, why);
      expect(check).toMatchObject({ passed: false, untried: true });
      expect(verdictOf([good, check], null)).toEqual({
        ...{ result: null, checks: [good, check], why: `${name}: ${why}` },
      });
      // What was found meanwhile stands, and only that is recorded.
      const both = verdictOf([good, check, bad], null);
      expect([both.result, recordedChecks(both)]).toEqual(['failed', [good, bad]]);
    },
  );
});

describe('the sample', () => {
  test('has no more than wanted, each once, all known, the same for one seed', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(500)),
        fc.array(fc.nat(500)),
        fc.integer({ min: 1, max: 30 }),
        fc.string(),
        (ids, recent, size, seed) => {
          const sample = sampleOf(ids, recent, size, seed);
          expect(sample.length).toBe(Math.min(size, ids.length));
          expect(new Set(sample).size).toBe(sample.length);
          expect(sample.every((id) => ids.includes(id))).toBe(true);
          expect(sampleOf(ids, recent, size, seed)).toEqual(sample);
        },
      ),
    );
  });

  test('begins with what was written last', () => {
    const ids = Array.from({ length: 100 }, (_, index) => index);
    expect(sampleOf(ids, [7, 7, 999, 3, 9], 4, 's').slice(0, 2)).toEqual([7, 3]);
    expect(sampleOf(ids, [], 20, 's')).not.toEqual(sampleOf(ids, [], 20, 't'));
  });
});

test('of each ref the last push counts, and none if that deleted it', () => {
  const row = (repositoryId: number, ref: string, commit: string) => ({ repositoryId, ref, commit });
  const zero = '0'.repeat(40);
  expect(
    lastOfEach([
      ...[
        row(1, 'a', 'new'),
        row(1, 'b', zero),
        row(2, 'a', 'other'),
        row(1, 'a', 'old'),
        row(1, 'b', 'gone'),
      ],
    ]),
  ).toEqual([row(1, 'a', 'new'), row(2, 'a', 'other')]);
});
