import { parseEstate } from '../../estate/load';
import { pinInstance } from '../../estate/pin';
import type { Instance } from '../../workflows/plan/instance';
import { problemsOf } from '../support/estate-problems';
import { EXAMPLE as text } from '../support/example-estate';

const start = text.indexOf('        search:');
const search = text.slice(start, text.indexOf('\n\n', start) + 1);

test('a search server is pinned with the index that Bitbucket takes by itself; a site without one has none', () => {
  const { sites }: Instance = pinInstance(parseEstate(text, 'estate.yaml'), 'bitbucket-prod').instance;
  expect(sites.map((site) => site.search)).toEqual([
    {
      url: 'https://search.frankfurt.example.com',
      repository: 'bitbucket-snapshots',
      index: 'bitbucket-search-v1',
      credentials: { username: 'runbooks', password: 'file:/run/secrets/search' },
    },
    undefined,
  ]);
});

test('two sites must not share an index, but may share a repository', () => {
  const second = (more: string): string =>
    text.replace(/( {8}loadBalancer: \{ name: bitbucket-prod-dr-elb \}\n)/, `$1${more}`);
  expect(problemsOf(second(search))).toEqual([
    expect.stringMatching(
      /sites\.dublin\.search\.index: the index bitbucket-search-v1 at https:\/\/search\.frankfurt\S+ is already part of site "frankfurt"/,
    ),
  ]);
  expect(problemsOf(second(search.replace('search.frankfurt', 'search.dublin')))).toEqual([]);
  expect(problemsOf(second(search.replace(/repository.*/, '$&\n          index: another')))).toEqual([]);
});

test('an index is of one instance alone: a restore of the other would delete it', () => {
  const entry = text.slice(text.indexOf('  bitbucket-prod:'), text.indexOf('\n# Who may answer'));
  const twin = entry.replaceAll('bitbucket-prod', 'bitbucket-twin');
  const shared = problemsOf(text.replace(entry, `${entry}\n${twin}`)).filter((one) =>
    one.includes('.search.'),
  );
  expect(shared).toEqual([expect.stringMatching(/already part of site "frankfurt" of bitbucket-prod/)]);
});

test.each([
  [
    'repository: bitbucket-snapshots',
    'repository: Bitbucket Snapshots',
    /search\.repository: write lower case/,
  ],
  ['url: https://', 'url: tcp://', /search\.url: write an address such as/],
  [
    'password: file:/run/secrets/search',
    'password: hunter2',
    /search\.credentials\.password: must be the reference/,
  ],
])('a search server that says %s → %s is refused', (from, to, expected) => {
  expect(search).toContain(from);
  expect(problemsOf(text.replace(search, search.replace(from, to)))).toEqual([
    expect.stringMatching(expected),
  ]);
});
