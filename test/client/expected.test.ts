import { parse } from 'yaml';
import { expectedFrom, renderExpected } from '../../client/render/expected';
import { estateSchema } from '../../estate/schema';
import { initialState } from '../../workflows/runbook/events';
import { reportOf } from '../../workflows/runbook/report';
import type { Report, ReportStep } from '../../workflows/runbook/report';

const step = (id: string, seconds: number | null, change: Partial<ReportStep> = {}): ReportStep => ({
  ...{ id, title: id, risk: 'reversible', state: 'done', startedAt: null, endedAt: null, seconds },
  ...{ tries: 1, proof: {}, error: null, ...change },
});

function report(...steps: readonly ReportStep[]): Report {
  const start = '2026-03-01T02:00:00.000Z';
  return { ...reportOf(initialState('drFailover', 'drFailover/prod/1', 'r', start), null, 0), steps };
}

test('steps of one kind count together, by their median', () => {
  const steps = [step('startNode.1', 170), step('startNode.2', 200.4), step('startNode.3', 181.6)];
  expect(expectedFrom(report(...steps, step('promoteReplica', 95)))).toEqual({
    startNode: 182,
    promoteReplica: 95,
  });
});

test('a step that people were asked about, that did not end well, or that took no time says nothing', () => {
  const steps = [
    step('promoteReplica', 9000, { tries: 2 }),
    step('switchDns', 60, { state: 'skipped' }),
    step('mountHome', null),
    step('smokeTest', 0.4),
  ];
  expect(expectedFrom(report(...steps))).toEqual({});
  expect(renderExpected(report(...steps))).toContain('no step of it tells');
});

test('what is printed is a policy that the estate understands', () => {
  const text = renderExpected(report(step('startNode.1', 90), step('restoreDatabase', 1200)));
  expect(text).toContain('# measured by drFailover/prod/1');
  const { policy } = parse(text) as { readonly policy: unknown };
  expect(estateSchema.shape.policy.parse(policy)).toMatchObject({
    expected: { startNode: 90, restoreDatabase: 1200 },
  });
});

test('a step that is shown under another name than its own is left out: the policy would refuse it', () => {
  expect(expectedFrom(report(step('stopNodes', 60), step('unmountHome', 20)))).toEqual({ unmountHome: 20 });
});
