import { judgeReplicaSource } from '../../../workflows/plan/replica-source';
import type { DatabaseFacts } from '../../../workflows/steps/observe-site';

const AT = '2026-11-21T16:00:00.000Z';
const PRIMARY = { name: 'frankfurt', region: 'eu-central-1', database: { id: 'prod' } };

function judge(source: string | null, region = 'eu-west-1') {
  const database = { state: 'known' as const, at: AT, value: { source } as DatabaseFacts };
  return judgeReplicaSource(PRIMARY, { site: 'dublin', region, database });
}

test('a replica of the lost database is no problem, named by ARN or, in one region, by identifier', () => {
  expect(judge('arn:aws:rds:eu-central-1:123456789012:db:prod')).toEqual([]);
  expect(judge('prod', 'eu-central-1')).toEqual([]);
});

test('a replica that went with a renamed database holds what was there before the restore: people must consent', () => {
  const [problem] = judge('arn:aws:rds:eu-central-1:123456789012:db:prod-20261121t160000z');
  expect(problem).toMatchObject({ code: 'otherSource', consent: 'dataLoss' });
  expect(problem!.message).toContain('prod-20261121t160000z, not prod of frankfurt (eu-central-1)');
});

test('the same name in another region is another database', () => {
  expect(judge('arn:aws:rds:us-east-1:123456789012:db:prod')).toHaveLength(1);
  expect(judge('prod')).toHaveLength(1);
});

test('what was not seen, or is no replica, is judged elsewhere', () => {
  expect(judge(null)).toEqual([]);
  const unknown = { state: 'unknown' as const, at: AT, reason: 'no answer' };
  expect(judgeReplicaSource(PRIMARY, { site: 'dublin', region: 'eu-west-1', database: unknown })).toEqual([]);
});
