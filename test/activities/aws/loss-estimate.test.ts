import { mayCommit } from '../../../activities/aws/rds/database-status';
import { estimateLoss } from '../../../activities/aws/rds/loss-estimate';
import { lossProblems } from '../../../activities/aws/rds/promote-problems';
import { currentLag, lagBeforeOutage } from '../../../activities/aws/rds/replica-lag';
import type { LagPoint } from '../../../activities/aws/rds/replica-lag';
import type { SourceState } from '../../../activities/aws/rds/source-state';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const at = (secondsAgo: number): number => NOW - secondsAgo * 1000;
const points = (...list: [secondsAgo: number, lag: number][]): LagPoint[] =>
  list.map(([ago, seconds]) => ({ at: at(ago), seconds }));
const replay = (secondsAgo: number, caughtUpSecondsAgo: number | null = null) => ({
  inRecovery: true,
  lastReplayedAt: new Date(at(secondsAgo)).toISOString(),
  caughtUpSecondsAgo,
});
const never = async (): Promise<SourceState> => {
  throw new Error('must not be asked');
};
const seen = (state: SourceState) => async () => state;

test('the metric of now is the highest of the last five points', () => {
  expect(currentLag(points([360, 90], [300, 3], [240, 1], [180, 7], [120, 2], [60, 1]), NOW)).toEqual({
    seconds: 7,
    ageSeconds: 60,
  });
});

test('no point, an old point and -1 are unknown, not zero', () => {
  expect(currentLag([], NOW)).toEqual({ seconds: null, ageSeconds: null });
  expect(currentLag(points([900, 1]), NOW).seconds).toBeNull();
  expect(currentLag(points([120, 1], [60, -1]), NOW).seconds).toBeNull();
});

test('a lag that grew because the source died is not taken for loss', () => {
  const dying = points([360, 2], [300, 1], [240, 3], [180, 117], [120, 177], [60, 237]);
  expect(lagBeforeOutage(dying, new Date(at(237)).toISOString())).toEqual({ at: at(300), seconds: 1 });
});

test('without any point from before the outage nothing is known', () => {
  expect(lagBeforeOutage(points([120, 400], [60, 460]), new Date(at(520)).toISOString())).toBeUndefined();
});

test('a standby that has replayed all that it heard of loses what may have come since', async () => {
  const loss = await estimateLoss({
    replay: replay(900, 4),
    replication: 'replicating',
    points: points([60, 840]),
    limitSeconds: 30,
    lookAtSource: never,
    now: NOW,
  });
  expect(loss.seconds).toBe(4);
});

test('a growing lag counts while the source lives', async () => {
  const given = {
    replay: replay(180),
    replication: 'replicating',
    points: points([180, 1], [120, 60], [60, 120]),
    limitSeconds: 30,
    now: NOW,
  };
  expect((await estimateLoss({ ...given, lookAtSource: seen('mayCommit') })).seconds).toBe(120);
  expect((await estimateLoss({ ...given, lookAtSource: seen('down') })).seconds).toBe(60);
});

test('broken replication with a living source loses everything since the last replayed commit', async () => {
  const loss = await estimateLoss({
    replay: replay(95),
    replication: 'error',
    points: points([120, 1]),
    limitSeconds: 30,
    lookAtSource: seen('mayCommit'),
    now: NOW,
  });
  expect(loss).toMatchObject({ seconds: 95, basis: expect.stringContaining('error') });
});

test('a dead source costs what the metric said before the outage', async () => {
  const loss = await estimateLoss({
    replay: replay(600),
    replication: 'error',
    points: points([720, 1.5], [660, 2]),
    limitSeconds: 30,
    lookAtSource: seen('down'),
    now: NOW,
  });
  expect(loss).toEqual({ seconds: 2, basis: expect.stringContaining('2026-11-20T11:49:00') });
  expect(loss.basis).toContain('replication is error');
});

test('a dead source and no metric: unknown', async () => {
  const loss = await estimateLoss({
    replay: undefined,
    replication: 'error',
    points: [],
    limitSeconds: 30,
    lookAtSource: seen('down'),
    now: NOW,
  });
  expect(loss.seconds).toBeNull();
});

/** Seconds ago → as a start message tells it. */
const moment = (secondsAgo: number): string => new Date(at(secondsAgo)).toISOString();

describe('a source that does not answer', () => {
  /** Replication lived until 1 s before the last replayed commit; its metric grew from then on. */
  const standingSince = (secondsAgo: number, incidentSecondsAgo: number | null) => ({
    replay: replay(secondsAgo),
    replication: 'error',
    points: points([secondsAgo + 120, 1.2], [secondsAgo - 60, 60], [secondsAgo - 120, 120]),
    limitSeconds: 60,
    ...(incidentSecondsAgo === null ? {} : { incidentStartedAt: moment(incidentSecondsAgo) }),
    lookAtSource: seen('silent'),
    now: NOW,
  });

  test('replication that broke long before the incident: everything from there to the incident, at most', async () => {
    const loss = await estimateLoss(standingSince(6000, 600));
    expect(loss).toMatchObject({ seconds: 5400, countedTo: moment(600) });
    expect(loss.basis).toMatch(
      /^from the last replayed commit \(2026-11-20T10:20:00\.000Z\) to the incident/,
    );
    expect(loss.basis).toContain('replication is error');
  });

  test('the figure is the same whenever it is asked, so that a consent holds until the promotion', async () => {
    const first = await estimateLoss(standingSince(6000, 600));
    const later = await estimateLoss({ ...standingSince(6000, 600), now: NOW + 1_800_000 });
    expect(later).toEqual(first);
  });

  test('a replica whose metric is missing or -1 since replication broke is found out as well', async () => {
    const given = { ...standingSince(6000, 600), points: points([6120, 1.2], [120, -1], [60, -1]) };
    expect((await estimateLoss(given)).seconds).toBe(5400);
  });

  test('a replica that cannot be looked into is judged by the commit time that its metric tells', async () => {
    const given = { ...standingSince(6000, 600), replay: undefined };
    expect((await estimateLoss(given)).seconds).toBe(5400);
    const gap = { ...given, points: points([6120, 1.2]) };
    expect((await estimateLoss(gap)).seconds).toBe(5521.2);
  });

  test('an ordinary disaster: replication lived until the incident, and hours may pass until people decide', async () => {
    for (const ago of [30, 600, 7200]) {
      const loss = await estimateLoss(standingSince(ago + 2, ago));
      expect(loss).toEqual({ seconds: 1.2, basis: expect.stringContaining('while replication lived') });
    }
  });

  test('an idle source commits every five minutes only, which is no standstill', async () => {
    expect((await estimateLoss(standingSince(900 + 299, 900))).seconds).toBe(1.2);
    expect((await estimateLoss(standingSince(900 + 361, 900))).seconds).toBe(361);
  });

  test('an incident that was told too early makes nothing of the commits after it', async () => {
    expect((await estimateLoss(standingSince(900, 940))).seconds).toBe(1.2);
    expect((await estimateLoss({ ...standingSince(900, 940), points: [] })).seconds).toBeNull();
  });

  test('without a metric the time up to the incident is the figure, also for an idle source', async () => {
    expect((await estimateLoss({ ...standingSince(1100, 900), points: [] })).seconds).toBe(200);
  });

  test('is unknown, not down: the words say that it may still commit', async () => {
    const words = /whether the source still commits cannot be seen/;
    expect((await estimateLoss(standingSince(602, 600))).basis).toMatch(words);
    expect((await estimateLoss(standingSince(6000, 600))).basis).toMatch(words);
    const down = { ...standingSince(602, 600), lookAtSource: seen('down') };
    expect((await estimateLoss(down)).basis).not.toMatch(words);
  });

  test('a run of earlier code, which told no incident, is judged as before', async () => {
    expect((await estimateLoss(standingSince(6000, null))).seconds).toBe(1.2);
  });

  test('the problem says up to how much, and what to do when the incident began earlier', async () => {
    const input = { databaseId: 'standby', lagLimitSeconds: 60 } as Parameters<typeof lossProblems>[0];
    const [problem, ...others] = lossProblems(input, await estimateLoss(standingSince(6000, 600)));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'replicaLagAboveLimit', consent: 'dataLoss', figure: 5400 });
    expect(problem!.message).toContain('may lose up to 5400 s of commits, the limit is 60 s');
    expect(problem!.remedy).toContain(`before ${moment(600)}`);
    expect(problem!.remedy).toContain('incidentStartedAt');
    expect(lossProblems(input, await estimateLoss(standingSince(602, 600)))).toEqual([]);
  });
});

test('a source commits in every status but those in which RDS says that it does not run', () => {
  const working = ['available', 'backing-up', 'modifying', 'storage-optimization', 'storage-initialization'];
  const configuring = ['configuring-log-exports', 'maintenance', 'upgrading', 'rebooting', 'starting'];
  const leaving = ['stopping', 'delete-precheck', 'a-status-of-tomorrow'];
  expect([...working, ...configuring, ...leaving].filter((status) => !mayCommit(status))).toEqual([]);
  const ended = ['stopped', 'deleting', 'failed', 'storage-full', 'incompatible-parameters', 'restore-error'];
  expect(ended.filter(mayCommit)).toEqual([]);
});
