import { parse } from 'yaml';
import { parseEstate } from '../../estate/load';
import { pinInstance } from '../../estate/pin';
import { FAILURE_DEFAULTS } from '../../estate/policy-schema';
import { showEstate } from '../../estate/show';
import { EXAMPLE as text } from '../support/example-estate';

const instances = text.slice(text.indexOf('instances:'), text.indexOf('\npolicy:'));

/** What is shown of the example with a policy, for all and of its instance. */
function shown(policy: object = {}, own: object = {}) {
  const line = /^ {4}# ?policy:.*$/m;
  expect(instances).toMatch(line);
  const yaml = `${instances.replace(line, `    policy: ${JSON.stringify(own)}`)}\npolicy: ${JSON.stringify(policy)}\n`;
  const estate = parseEstate(yaml, 'estate.yaml');
  const out = showEstate(estate);
  expect(parseEstate(out, 'shown.yaml')).toEqual(estate);
  return { out, estate, ...(parse(out) as { policy: object; instances: Record<string, object> }) };
}

/** Members that hold a number, with their path. */
function numbers(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => numbers(member, `${path}.${key}`));
}

test('every default that holds is shown, also what failed steps do', () => {
  const { policy } = shown();
  expect(policy).toMatchObject({ failures: { default: 'ask', steps: FAILURE_DEFAULTS } });
});

test('what the estate says about one failed step leaves the defaults of the others', () => {
  const steps = { copyBackup: 'ask', startNode: { retry: 3 } } as const;
  const { policy, estate } = shown({ failures: { steps } }, { failures: { steps: { startNode: 'abort' } } });
  expect(policy).toMatchObject({ failures: { steps: { ...FAILURE_DEFAULTS, ...steps } } });
  expect(pinInstance(estate, 'bitbucket-prod').policy.failures.steps).toEqual({
    ...FAILURE_DEFAULTS,
    ...steps,
    startNode: 'abort',
  });
});

test('every duration has its unit, so that a bare number is a count', () => {
  const snapshotLock = { mode: 'compliance', duration: '30d', coolOff: '2h' };
  const nightly = { runbook: 'backup', cron: '0 1 * * *', jitter: '90s' };
  const { out } = shown(
    {
      backup: { snapshotLock },
      gates: { failover: { roles: [], escalate: { after: '10m', roles: ['manager'] } } },
    },
    { deadlines: { startNode: '1h' }, expected: { startNode: '1500ms' }, backup: { lockLimit: '20m' } },
  );
  const estate = parse(out) as Record<string, unknown>;
  const scheduled = parseEstate(
    `${out}\n`.replace('schedules: {}', `schedules: ${JSON.stringify({ nightly })}`),
    'e',
  );
  expect(showEstate(scheduled)).toMatch(/jitter: 90s\n\s+catchUp: 10m/);
  expect(estate['policy']).toMatchObject({
    worker: { deadAfter: '10s' },
    gates: { failover: { timeout: '30m', escalate: { after: '10m' } } },
    backup: { drainTimeout: '10m', snapshotLock: { duration: '30d', coolOff: '2h' } },
    restore: { keepReplaced: '7d', keepBeside: '8h' },
  });
  const own = (estate['instances'] as Record<string, { policy: object }>)['bitbucket-prod']!.policy;
  expect(own).toMatchObject({
    deadlines: { startNode: '1h' },
    expected: { startNode: '1500ms' },
    backup: { lockLimit: '20m' },
  });
  const counts =
    /\.(approvals|retry|probes|clones|sample|concurrency|keepVerified|(hour|dai|week|month|year)ly)$/;
  expect(numbers(estate['policy']).filter((path) => !counts.test(path))).toEqual([]);
});
