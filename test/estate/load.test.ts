import { EstateError, loadEstate, parseEstate } from '../../estate/load';
import { estateJsonSchema } from '../../estate/json-schema';
import { pinInstance } from '../../estate/pin';
import type { Instance } from '../../workflows/plan/instance';
import type { RunPolicy } from '../../workflows/runbook/policy';
import { problemsOf } from '../support/estate-problems';
import { EXAMPLE as text, EXAMPLE_FILE as EXAMPLE } from '../support/example-estate';

/** The example with one text replaced; the place of the replacement is what the messages must name. */
function changed(from: string, to: string): { yaml: string; line: number; column: number } {
  const offset = text.indexOf(from);
  expect(offset).toBeGreaterThan(0);
  const before = text.slice(0, offset).split('\n');
  return { yaml: text.replace(from, to), line: before.length, column: before.at(-1)!.length + 1 };
}

/** A gate of which the file says nothing but who passes it. */
const GATE = { approvals: 1, timeoutSeconds: 1800, identity: 'stated', approvalLifetimeSeconds: 14_400 };

test('the shipped example is a valid estate', () => {
  const estate = loadEstate(EXAMPLE);
  expect(Object.keys(estate.instances)).toEqual(['bitbucket-prod']);
});

test('a pinned instance is what the workflows call an instance, and its policy what the kit reads', () => {
  const pinned = pinInstance(loadEstate(EXAMPLE), 'bitbucket-prod');
  const instance: Instance = pinned.instance;
  const policy: RunPolicy = pinned.policy;
  expect(instance.sites.map((site) => [site.name, site.region])).toEqual([
    ['frankfurt', 'eu-central-1'],
    ['dublin', 'eu-west-1'],
  ]);
  expect(instance.sites[0]!.fileServer.volumes).toEqual([
    { name: 'home', device: '/dev/xvdf', mountPoint: '/media/atl', type: 'gp3' },
  ]);
  expect(instance.mirrors).toEqual([{ name: 'london', url: 'https://mirror-london.example.com' }]);
  expect(instance).not.toHaveProperty('policy');
  expect(policy.gates.failover).toEqual({ ...GATE, approvals: 2, roles: ['operator', 'manager'] });
  expect(JSON.parse(JSON.stringify(pinned))).toEqual(pinned);
});

test('every policy default holds when the file says nothing', () => {
  const estate = parseEstate(text.slice(0, text.indexOf('\npolicy:')), 'estate.yaml');
  expect(pinInstance(estate, 'bitbucket-prod').policy).toEqual({
    gates: {
      failover: { ...GATE, approvals: 2, roles: ['operator', 'manager'] },
      drift: { ...GATE, roles: ['operator', 'manager'] },
      backup: 'auto',
      verifyBackup: 'auto',
      backupFleet: 'auto',
      preempt: { ...GATE, roles: ['operator', 'manager'] },
      fenceLostSite: 'auto',
      pruneBackups: { ...GATE, approvals: 2, roles: ['operator', 'manager'] },
      removeOrphans: { ...GATE, approvals: 2, roles: ['operator', 'manager'] },
      restore: { ...GATE, approvals: 2, roles: ['operator', 'manager'] },
      restoreBeside: { ...GATE, roles: ['operator', 'manager'] },
      uncheckedRestore: { ...GATE, roles: ['manager'] },
      unknownMesh: { ...GATE, roles: ['operator', 'manager'] },
      primaryAlive: { ...GATE, roles: ['manager'] },
      dataLoss: { ...GATE, roles: ['manager'] },
      unprovenFence: { ...GATE, roles: ['manager'] },
      blindPromotion: { ...GATE, roles: ['manager'] },
      unprovenService: { ...GATE, roles: ['manager'] },
      dnsByHand: { ...GATE, roles: ['operator', 'manager'] },
      handMount: { ...GATE, roles: ['operator', 'manager'] },
      propertiesByHand: { ...GATE, roles: ['operator', 'manager'] },
      missingSettings: { ...GATE, roles: ['operator', 'manager'] },
    },
    failures: {
      default: 'ask',
      decisionTimeoutSeconds: 14_400,
      steps: {
        awaitDatabase: 'abort',
        lockBitbucket: 'abort',
        drainBitbucket: 'abort',
        captureVolumes: 'abort',
        captureDatabase: 'abort',
        unlockBitbucket: { retry: 2, then: 'abort' },
        completeBackup: 'abort',
        writeManifest: { retry: 2, then: 'abort' },
        shareBackup: 'degrade',
        copyBackup: 'degrade',
        lockSnapshots: 'degrade',
        recordCopy: 'degrade',
      },
      identity: 'stated',
    },
    dataLoss: { databaseSeconds: 60, homeSeconds: 3600 },
    detection: { probes: 2, intervalSeconds: 10, timeoutSeconds: 5 },
    polling: { fastestSeconds: 3, slowestSeconds: 25 },
    expected: {},
    deadlines: {},
    antiFlap: { windowSeconds: 14_400 },
    lease: { whenBusy: 'refuse', waitSeconds: 1800, preemptSeconds: 300 },
    freezes: [],
    notifications: [],
    signatures: { lifetimeSeconds: 600, clockSkewSeconds: 60 },
    worker: { deadAfterSeconds: 10 },
    failover: { snapshotBeforePromotion: false },
    backup: {
      ...{
        mode: 'zeroDowntime',
        drainSeconds: 600,
        lockSeconds: 1800,
        freezeLimitSeconds: 60,
        maxSkewSeconds: 120,
      },
      retention: {
        ...{ hourly: 24, daily: 7, weekly: 5, monthly: 12, yearly: 3 },
        ...{ keepVerified: 1, timeZone: 'UTC' },
      },
    },
    restore: { keepReplacedSeconds: 7 * 86_400, keepBesideSeconds: 8 * 3600 },
    verify: { limitSeconds: 6 * 3600, sample: 20, clones: 3 },
    fleet: { concurrency: 10, errorThreshold: '10%', whenBusy: 'skip' },
  });
});

test('an instance overrides only the policy members that it names', () => {
  const { yaml } = changed(
    '    #policy: # only what differs',
    '    policy: { gates: { dataLoss: auto, scaleIn: { roles: [operator] } }, polling: { fastest: 250ms } }\n    # ',
  );
  const { policy } = pinInstance(parseEstate(yaml, 'estate.yaml'), 'bitbucket-prod');
  expect(policy.gates.dataLoss).toBe('auto');
  expect(policy.gates.scaleIn).toEqual({ ...GATE, roles: ['operator'] });
  expect(policy.gates.failover).toEqual({ ...GATE, approvals: 2, roles: ['operator', 'manager'] });
  expect(policy.polling).toEqual({ fastestSeconds: 0.25, slowestSeconds: 25 });
});

test('a receiver of notices has all events unless told, and an instance may have its own', () => {
  const { yaml } = changed(
    '    #policy: # only what differs',
    '    policy: { notifications: [{ name: chat, webhook: "env:CHAT" }] }\n    # ',
  );
  const { policy } = pinInstance(parseEstate(yaml, 'estate.yaml'), 'bitbucket-prod');
  expect(policy.notifications).toEqual([
    { name: 'chat', webhook: 'env:CHAT', events: ['asked', 'escalated', 'ended'] },
  ]);
});

test.each([
  [
    'a receiver without an address',
    '    #policy: # only what differs',
    '    policy: { notifications: [{ name: chat, webhook: chat.example.com }] }\n    # ',
    /notifications\[0\]\.webhook: must be an address, or the reference of a secret that holds one/,
  ],
  [
    'a misspelt key, with the key that was meant',
    'zoneId: Z',
    'zoneid: Z',
    /dns\.zoneid: unknown key "zoneid": did you mean "zoneId"\?/,
  ],
  [
    'a misspelt key of a gate',
    'approvals: 2',
    'approval: 2',
    /gates\.failover\.approval: unknown key "approval": did you mean "approvals"\?/,
  ],
  [
    'a misspelt gate',
    'failover: # move',
    'failovr: # move',
    /gates\.failovr: unknown gate "failovr": did you mean "failover"\?/,
  ],
  [
    'a duration without unit',
    'timeout: 30m',
    'timeout: 30 minutes',
    /failover\.timeout: "30 minutes" is no duration: write/,
  ],
  [
    'a retention that forbids replicas',
    'backupRetentionDays: 14',
    'backupRetentionDays: 0',
    /backupRetentionDays: .*1/,
  ],
  [
    'an unknown answer to failures',
    'default: ask #',
    'default: asks #',
    /failures\.default: write ask, abort, degrade, or .* not "asks"/,
  ],
  [
    'an instance name that no workflow id could carry',
    'bitbucket-prod: #',
    'Bitbucket/Prod: #',
    /lower case letters/,
  ],
  [
    'a missing volume',
    'home: { device: /dev/xvdf',
    'hom: { device: /dev/xvdf',
    /a volume named home is missing/,
  ],
])('the place and the remedy are told for %s', (_, from, to, message) => {
  const { yaml, line } = changed(from, to);
  const problems = problemsOf(yaml);
  const found = problems.find((problem) => message.test(problem));
  expect({ problems, found: found !== undefined }).toEqual({ problems, found: true });
  const at = Number(/^estate\.yaml:(\d+):\d+ /.exec(found!)![1]);
  expect(Math.abs(at - line)).toBeLessThanOrEqual(1);
});

test('the column is that of the key', () => {
  const { yaml, line, column } = changed('ttlSeconds: 60', 'ttlSecond: 60');
  expect(problemsOf(yaml)).toEqual([
    `estate.yaml:${line}:${column} instances.bitbucket-prod.dns.ttlSecond: unknown key "ttlSecond": did you mean "ttlSeconds"?`,
  ]);
});

test('all problems are told at once, in the order of the file', () => {
  const { yaml, line } = changed('zoneId: Z', 'zone: Z');
  const broken = yaml.replace('count: 4 #', 'count: four #').replace('default: ask #', 'default: asks #');
  const problems = problemsOf(broken);
  expect(problems.map((problem) => problem.replace(/^estate\.yaml:\d+:\d+ /, ''))).toEqual([
    'instances.bitbucket-prod.dns.zoneId: is missing: write a text',
    'instances.bitbucket-prod.dns.zone: unknown key "zone": did you mean "zoneId"?',
    'instances.bitbucket-prod.sites.frankfurt.nodes.count: must be a number, not "four"',
    'policy.failures.default: write ask, abort, degrade, or { retry: <times>, then: <one of these> }, not "asks"',
  ]);
  expect(problems[1]).toMatch(new RegExp(`^estate\\.yaml:${line}:`));
});

test('a missing member is told at the map that lacks it', () => {
  const { yaml } = changed('          id: bitbucket-prod # of the writer, where it is a cluster\n', '');
  expect(problemsOf(yaml)).toEqual([
    expect.stringMatching(/sites\.frankfurt\.database\.id: is missing: write a text$/),
  ]);
});

test('a gate that nobody could pass is refused', () => {
  const { yaml } = changed('    roles: [manager]\n', '    roles: [operator]\n');
  expect(problemsOf(yaml)).toEqual([
    expect.stringMatching(/gates\.primaryAlive: /),
    expect.stringMatching(/gates\.dataLoss: gate "dataLoss" of bitbucket-prod can never be passed/),
    expect.stringMatching(/gates\.unprovenFence: /),
    expect.stringMatching(/gates\.blindPromotion: /),
    expect.stringMatching(/gates\.unprovenService: /),
    expect.stringMatching(/gates\.uncheckedRestore: /),
  ]);
});

test('two sites may not share a resource, because a fence of one would hit the other', () => {
  const { yaml } = changed('region: eu-west-1', 'region: eu-central-1');
  const shared = yaml.replace('id: bitbucket-prod-dr', 'id: bitbucket-prod');
  expect(problemsOf(shared)).toEqual([
    expect.stringMatching(
      /dublin\.database\.id: database bitbucket-prod in eu-central-1 is already part of site "frankfurt"/,
    ),
    expect.stringMatching(/copies\[0\]\.site: is in eu-central-1, as frankfurt is: a copy within the region/),
    expect.stringMatching(/drill\.region: no site of bitbucket-prod is in eu-west-1/),
  ]);
});

test.each(['hunter2-secret', '12345678'])(
  'a secret written in place of its reference is refused and not repeated: %s',
  (secret) => {
    const { yaml } = changed('env:BITBUCKET_ADMIN_PASSWORD', secret);
    const problems = problemsOf(yaml).join('\n');
    expect(problems).toMatch(/administrator\.password: must be/);
    expect(problems).not.toContain(secret);
  },
);

test('what is no YAML is told with its place', () => {
  expect(problemsOf('instances:\n  a: [1,\n')[0]).toMatch(/^estate\.yaml:\d+:\d+ not YAML: /);
  expect(problemsOf('instances:\n  a: &one [*one]\n')).toEqual([
    'estate.yaml:2:12 stands for something that it is itself a part of, and would have no end',
  ]);
});

test('all aliases of nothing are told with their places, and not repeated: one may be a password', () => {
  const problems = problemsOf('a: *hunter2\nb: &y 1\nc: [*y, *.example.com]\n');
  expect(problems).toEqual([
    expect.stringMatching(/^estate\.yaml:1:4 stands for nothing: .* begins with \* into quotes$/),
    expect.stringMatching(/^estate\.yaml:3:9 stands for nothing/),
  ]);
  expect(problems.join()).not.toContain('hunter2');
});

test('aliases that grow without measure are refused', () => {
  const rows = [...'abcdefghi'].map((name, index, all) =>
    index === 0
      ? `a: &a [1, 2, 3]`
      : `${name}: &${name} [${Array(9)
          .fill(`*${all[index - 1]!}`)
          .join(', ')}]`,
  );
  expect(problemsOf(rows.join('\n'))).toEqual([expect.stringMatching(/^estate\.yaml: .*alias/i)]);
});

test('a second document is told at its line', () => {
  expect(problemsOf(`${text}---\ninstances: {}\n`)).toEqual([
    `estate.yaml:${text.split('\n').length}:1 one document only: remove the line ---`,
  ]);
});

test.each(['', '\n', '# only a remark\n', '---\n', 'null\n'])(
  'an empty file is told as such: %j',
  (empty) => {
    expect(problemsOf(empty)).toEqual([
      expect.stringMatching(/^estate\.yaml: the file is empty\. Copy estate/),
    ]);
  },
);

test('what cannot be told before the rest is right is announced, and only then', () => {
  const lines = (yaml: string): readonly string[] => {
    try {
      parseEstate(yaml, 'estate.yaml');
      return [];
    } catch (error) {
      return (error as EstateError).message.split('\n');
    }
  };
  const note = '(further checks follow when these are corrected)';
  const powerless = text.replace('    roles: [manager]\n', '    roles: [operator]\n');
  expect(lines(powerless).join('\n')).toContain('can never be passed');
  expect(lines(powerless)).not.toContain(note);
  const misspelt = lines(powerless.replace('ttlSeconds', 'ttlSecond'));
  expect(misspelt).toEqual([expect.stringContaining('did you mean "ttlSeconds"?'), note]);
  expect(lines('a: [1,\n').at(-1)).toBe(note);
  expect(lines('')).toHaveLength(1);
});

test('an unknown instance is answered with the nearest and all known ones', () => {
  expect(() => pinInstance(loadEstate(EXAMPLE), 'bitbucket-prd')).toThrow(
    'no instance "bitbucket-prd" in the estate. Did you mean "bitbucket-prod"? Known: bitbucket-prod.',
  );
  expect(() => pinInstance(loadEstate(EXAMPLE), 'constructor')).toThrow(/no instance "constructor"/);
});

test('a file that is not there has no line, and is answered with how to get one', () => {
  expect(() => loadEstate('/nonexistent/estate.yaml')).toThrow(
    new EstateError('/nonexistent/estate.yaml', [
      {
        path: [],
        message:
          'there is no /nonexistent/estate.yaml. Copy estate/examples/production.yaml and describe your instance, ' +
          'or name yours with --estate or RUNBOOKS_ESTATE.',
      },
    ]),
  );
  expect(() => loadEstate(__dirname)).toThrow(`${__dirname}: cannot be read (EISDIR)`);
});

test('the JSON Schema tells editors the defaults and refuses unknown keys', () => {
  const schema = JSON.stringify(estateJsonSchema());
  expect(schema).toContain('"additionalProperties":false');
  expect(schema).toContain('"default":"60s"');
});
