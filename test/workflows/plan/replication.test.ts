import { describeReplication } from '../../../workflows/plan/replication';

const INCIDENT = '2026-11-20T11:30:00.000Z';
const replayed = (secondsBefore: number): string =>
  new Date(Date.parse(INCIDENT) - secondsBefore * 1000).toISOString();
const words = (o: Partial<Parameters<typeof describeReplication>[0]> = {}): string =>
  describeReplication({
    status: 'replicating',
    message: null,
    lastReplayedAt: replayed(2),
    incidentStartedAt: INCIDENT,
    isSourceSeen: false,
    ...o,
  });

test('replication that works needs no more than its status', () => {
  expect(words()).toBe('replicating');
  expect(words({ lastReplayedAt: replayed(-20), isSourceSeen: true })).toBe('replicating');
});

test('broken replication is told with its error, the last replayed commit, and what nobody can see', () => {
  expect(words({ status: 'error', message: 'Streaming replication has stopped.' })).toBe(
    'error (Streaming replication has stopped); last replayed commit 2026-11-20T11:29:58.000Z, 2 s before the incident; ' +
      'whether the source still commits cannot be seen',
  );
  expect(words({ status: 'stopped', isSourceSeen: true })).toBe(
    'stopped; last replayed commit 2026-11-20T11:29:58.000Z, 2 s before the incident',
  );
});

test('a standstill that began long before the incident is told, whatever RDS calls it', () => {
  for (const status of ['replicating', 'error', null]) {
    const said = words({ status, lastReplayedAt: replayed(5400), isSourceSeen: true });
    expect(said).toMatch(
      /^(replicating|error|no status told); last replayed commit 2026-11-20T10:00:00\.000Z/,
    );
    expect(said).toContain('5400 s before the incident, longer than an idle source explains');
  }
});

test('an idle source is no standstill', () => {
  expect(words({ lastReplayedAt: replayed(299) })).toBe('replicating');
});

test('a commit after the told incident, and one that nobody knows', () => {
  expect(words({ status: 'error', lastReplayedAt: replayed(-20), isSourceSeen: true })).toBe(
    'error; last replayed commit 2026-11-20T11:30:20.000Z, after the incident began',
  );
  expect(words({ status: 'terminated', lastReplayedAt: null, isSourceSeen: true })).toBe(
    'terminated; last replayed commit unknown',
  );
});
