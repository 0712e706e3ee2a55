import { estimateLoss } from '../../../activities/aws/rds/loss-estimate';
import { currentLag, lagBeforeOutage } from '../../../activities/aws/rds/replica-lag';
import type { LagPoint } from '../../../activities/aws/rds/replica-lag';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const at = (secondsAgo: number): number => NOW - secondsAgo * 1000;
const points = (...list: [secondsAgo: number, lag: number][]): LagPoint[] =>
  list.map(([ago, seconds]) => ({ at: at(ago), seconds }));
const replay = (secondsAgo: number, caughtUpSecondsAgo: number | null = null) => ({
  inRecovery: true,
  lastReplayedAt: new Date(at(secondsAgo)).toISOString(),
  caughtUpSecondsAgo,
});
const never = async (): Promise<boolean> => {
  throw new Error('must not be asked');
};

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
    sourceAlive: never,
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
  expect((await estimateLoss({ ...given, sourceAlive: async () => true })).seconds).toBe(120);
  expect((await estimateLoss({ ...given, sourceAlive: async () => false })).seconds).toBe(60);
});

test('broken replication with a living source loses everything since the last replayed commit', async () => {
  const loss = await estimateLoss({
    replay: replay(95),
    replication: 'error',
    points: points([120, 1]),
    limitSeconds: 30,
    sourceAlive: async () => true,
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
    sourceAlive: async () => false,
    now: NOW,
  });
  expect(loss).toEqual({ seconds: 2, basis: expect.stringContaining('2026-11-20T11:49:00') });
});

test('a dead source and no metric: unknown', async () => {
  const loss = await estimateLoss({
    replay: undefined,
    replication: 'error',
    points: [],
    limitSeconds: 30,
    sourceAlive: async () => false,
    now: NOW,
  });
  expect(loss.seconds).toBeNull();
});
