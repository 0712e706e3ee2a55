import { parseEstate } from '../../estate/load';
import { pinInstance } from '../../estate/pin';
import type { Instance } from '../../workflows/plan/instance';
import { problemsOf } from '../support/estate-problems';
import { EXAMPLE as text } from '../support/example-estate';

const drill = text.slice(text.indexOf('      drill:'), text.indexOf('    # What is started by itself'));

/** The example with something else in its drill site. */
function withDrill(from: string, to: string): string {
  expect(drill).toContain(from);
  return text.replace(drill, drill.replace(from, to));
}

test('a drill site is pinned with its volumes as a list, as those of the sites are', () => {
  const instance: Instance = pinInstance(parseEstate(text, 'estate.yaml'), 'bitbucket-prod').instance;
  expect(instance.backup!.drill).toMatchObject({
    region: 'eu-west-1',
    nodes: { autoScalingGroup: 'bitbucket-drill-ClusterNodeGroup-7G8H9I', port: 7990 },
    fileServer: { volumes: [{ name: 'home', device: '/dev/xvdf' }] },
    database: { id: 'bitbucket-drill', subnetGroup: 'bitbucket-drill' },
  });
});

test.each([
  [
    'id: bitbucket-drill',
    'id: Bitbucket-Prod-DR',
    /drill\.database\.id: database Bitbucket-Prod-DR in eu-west-1/,
  ],
  [
    'i-0123456789abcdef0',
    'i-0a1b2c3d4e5f60718',
    /drill\.fileServer\.instanceId: file server i-0a1b2c3d4e5f60718/,
  ],
  [
    'bitbucket-drill-ClusterNodeGroup-7G8H9I',
    'bitbucket-prod-dr-ClusterNodeGroup-4D5E6F',
    /drill\.nodes\.autoScalingGroup/,
  ],
  [
    'stack: { name: bitbucket-drill }',
    'stack: { name: bitbucket-prod-dr }',
    /drill\.stack\.name: stack bitbucket-prod-dr/,
  ],
  ['sg-0d0e0f0a0b0c0d0e0', 'sg-0fedcba9876543210', /drill\.database\.securityGroups\[0\]: security group/],
])('a drill site that has %s of a serving site is refused', (own, theirs, expected) => {
  const problems = problemsOf(withDrill(own, theirs));
  expect(problems).toEqual([expect.stringMatching(expected)]);
  expect(problems[0]).toContain('a trial would write there, and delete it at its end');
});

test('a drill site that would delete the cluster of a serving site is refused', () => {
  const ofCluster = (id: string, cluster: string): [string, string] => [
    `id: ${id}`,
    `id: ${id}\n          cluster: ${cluster}`,
  ];
  const served = text.replace(...ofCluster('bitbucket-prod-dr', 'bitbucket-dr-cluster'));
  const [from, to] = ofCluster('bitbucket-drill', 'Bitbucket-DR-cluster');
  expect(problemsOf(served.replace(from, to))).toEqual([
    expect.stringMatching(/drill\.database\.cluster: cluster Bitbucket-DR-cluster in eu-west-1/),
  ]);
  expect(problemsOf(served.replace(...ofCluster('bitbucket-drill', 'bitbucket-drill-cluster')))).toEqual([]);
});

test('the same name in another region is another thing, but a region without backups is of no use', () => {
  expect(problemsOf(withDrill('id: bitbucket-drill', 'id: bitbucket-prod'))).toEqual([]);
  expect(problemsOf(withDrill('region: eu-west-1', 'region: us-east-1'))).toEqual([
    expect.stringMatching(
      /drill\.region: no site of bitbucket-prod is in us-east-1.*eu-central-1 or eu-west-1/,
    ),
  ]);
});

test('two instances do not try their backups in one place', () => {
  const instances = text.slice(text.indexOf('  bitbucket-prod:'), text.indexOf('\n# Who may answer'));
  const others = instances
    .replaceAll('bitbucket-prod', 'bitbucket-test')
    .replace('i-0a1b2c3d4e5f60718', 'i-1a1b2c3d4e5f60718')
    .replace('i-0f1e2d3c4b5a69788', 'i-1f1e2d3c4b5a69788')
    .replace('sg-0123456789abcdef0', 'sg-1123456789abcdef0')
    .replace('sg-0fedcba9876543210', 'sg-1fedcba9876543210')
    .replace('search.frankfurt', 'search-test.frankfurt');
  const problems = problemsOf(text.replace(instances, `${instances}\n${others}`));
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems)
    expect(problem).toMatch(/is part of the drill site of bitbucket-(prod|test)/);
});
