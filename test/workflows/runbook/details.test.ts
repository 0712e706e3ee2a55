import fc from 'fast-check';
import { renderDetails } from '../../../workflows/runbook/details';
import { initialState, reduce } from '../../../workflows/runbook/events';
import type { RunEvent } from '../../../workflows/runbook/events';
import { clip, duration, plain } from '../../../workflows/runbook/markdown';
import type { Ask, RunState, StepRecord } from '../../../workflows/runbook/state';
import type { Problem } from '../../../workflows/runbook/step';

const START = '2026-11-21T03:00:00.000Z';
const at = (seconds: number): string => new Date(Date.parse(START) + seconds * 1000).toISOString();

const GATE: Ask = {
  id: 'failover',
  kind: 'gate',
  title: 'Fail prod over',
  evidence: ['lost site: north'],
  verdicts: ['approve', 'deny'],
  roles: ['operator', 'manager'],
  needed: 2,
  noteRequired: false,
  planHash: '82af90029152ccdc',
  openedAt: at(5),
  deadlineAt: at(1800),
  decisions: [],
  result: null,
  closedAt: null,
};
const problem = (message: string): Problem => ({
  code: 'fenceUnproven',
  message,
  remedy: 'Make sure by other means.',
  consent: 'unprovenFence',
});
const PROBLEMS = [problem('The nodes were not seen.'), problem('The database was not seen.')];
const CONSENT: Ask = {
  ...GATE,
  id: 'unprovenFence',
  kind: 'consent',
  title: 'Consent',
  evidence: PROBLEMS.map(({ message, remedy }) => `${message} ${remedy}`),
  roles: ['manager'],
  needed: 1,
  noteRequired: true,
};
const FAILED: Ask = {
  ...GATE,
  id: 'startNode.failed',
  kind: 'failedStep',
  title: 'Start failed',
  verdicts: ['retry', 'skip', 'abort'],
  roles: [],
  needed: 1,
  planHash: null,
};

function step(id: string, change: Partial<StepRecord> = {}): StepRecord {
  return {
    ...{ id, title: `Do ${id}`, risk: 'reversible', state: 'planned', expectedSeconds: 1 },
    ...{ startedAt: null, endedAt: null, tries: 0, proof: {}, error: null },
    ...change,
  };
}

function state(...events: readonly RunEvent[]): RunState {
  const admitted: RunEvent = {
    ...{ type: 'admitted', instance: 'prod', dryRun: false, reason: null, requestedBy: 'linus' },
    ...{ trigger: 'manual', incidentStartedAt: null, breakGlass: null },
  };
  return [admitted, ...events].reduce(reduce, initialState('drFailover', 'drFailover/prod/1', 'run', START));
}

function messages(page: string): readonly unknown[] {
  return [...page.matchAll(/```json\n([^`]*)```/g)].map(([, json]) => JSON.parse(json!) as unknown);
}

const planned: RunEvent = {
  type: 'planned',
  hash: '82af90029152ccdc',
  problems: PROBLEMS,
  steps: [step('a'), step('b', { risk: 'pointOfNoReturn' })],
};

test('a question names whose word is missing until when, and the message to answer with', () => {
  const page = renderDetails(state(planned, { type: 'asked', ask: GATE }));
  expect(page).toContain(
    '**2 approvals** from different people with role operator or manager; not linus, who started it. ' +
      'Silence until 2026-11-21 03:30 UTC counts as deny.',
  );
  expect(messages(page)).toEqual([
    { ask: 'failover', verdict: 'approve', actor: 'YOUR NAME', planHash: '82af90029152ccdc' },
  ]);
});

test('approvals that were given are counted and named', () => {
  const decision = { actor: 'ada', verdict: 'approve', at: at(9), note: null } as const;
  const page = renderDetails(
    state({ type: 'asked', ask: GATE }, { type: 'decided', ask: 'failover', decision }),
  );
  expect(page).toContain('**1 more of 2 approvals** from a person');
  expect(page).toContain('there is one already (ada)');
});

test('a reason that must be given stands empty in the message, which is refused as it is', () => {
  const [message] = messages(renderDetails(state(planned, { type: 'asked', ask: CONSENT })));
  expect(message).toHaveProperty('note', '');
});

test('what a consent rests on is shown once, and what to do about it once for all of it', () => {
  const page = renderDetails(state(planned, { type: 'asked', ask: CONSENT }));
  for (const once of ['The nodes were not seen.', 'The database was not seen.', 'Make sure by other means.'])
    expect(page.split(once)).toHaveLength(2);
  expect(page).not.toContain('**Problems**');
});

test('problems that people have accepted give way to who accepted them and why', () => {
  const decision = { actor: 'margaret', verdict: 'approve', at: at(9), note: 'I stood there' } as const;
  const page = renderDetails(
    state(
      planned,
      { type: 'asked', ask: CONSENT },
      { type: 'decided', ask: 'unprovenFence', decision },
      { type: 'askClosed', ask: 'unprovenFence', result: 'approve', at: at(9) },
    ),
  );
  expect(page).toContain('Consent: approve (margaret): I stood there');
  expect(page).not.toContain('The nodes were not seen.');
});

test('a problem that nobody was asked about is shown with what to do', () => {
  const page = renderDetails(state(planned));
  expect(page).toContain(
    '**Problems**\n\n- The nodes were not seen.\n- The database was not seen.\n- **What',
  );
});

test('a failed step offers every answer and says what it does, which changes at the point of no return', () => {
  const before = state({ type: 'asked', ask: FAILED });
  const page = renderDetails(before);
  expect(page).toContain('**One answer** from anybody whom the estate names. Silence');
  expect(page).toContain('counts as abort');
  expect(page).toContain('`skip` with a `note`');
  expect(page).toContain('take back what was done');
  expect(messages(page)).toEqual([{ ask: 'startNode.failed', verdict: 'retry', actor: 'YOUR NAME' }]);
  const after = renderDetails(reduce(before, { type: 'pointOfNoReturn', step: 'b' }));
  expect(after).toContain('**No way back** since `b`');
  expect(after).toContain('nothing is taken back');
});

test('before anything begins the steps are a list, afterwards a table of what happened', () => {
  const before = renderDetails(state(planned));
  expect(before).toContain('1. Do a\n2. Do b **(no way back)**');
  expect(before).toContain('Nothing has been changed so far.');
  const after = renderDetails(
    state(
      planned,
      { type: 'phase', phase: 'executing', at: at(9) },
      { type: 'stepStarted', step: step('a'), at: at(10) },
      { type: 'step', id: 'a', state: 'done', at: at(22), proof: { volume: 'vol|1' } },
      { type: 'stepStarted', step: step('b'), at: at(23) },
    ),
  );
  expect(after).toContain('| 1 | Do a | ✔\u00a012\u00a0s | volume vol\\|1 |');
  expect(after).toContain('1 of 2 steps done. Now: Do b.');
});

test('the end says how it ended, how long it took and what is left to do', () => {
  const page = renderDetails(
    state(
      { type: 'followUp', what: 'Rebuild the replica' },
      { type: 'ended', outcome: 'SUCCEEDED', conclusion: 'all verified', at: at(75) },
    ),
  );
  expect(page).toContain('**SUCCEEDED**: all verified. 1 min 15 s in all.');
  expect(page).toContain('**Still to do by people**\n\n- Rebuild the replica');
});

test('a decision that was sent as a signal and refused is told', () => {
  const refusal = { at: at(7), ask: 'failover', actor: 'bob', why: '"bob" is unknown' };
  expect(renderDetails(state({ type: 'refused', refusal }))).toContain('03:00:07 bob: "bob" is unknown');
});

test('text from outside stays one line of text', () => {
  expect(plain('a\n# b')).toBe('a \\# b');
  expect(plain('C:\\_x <b> |$5 a_b --force')).toBe('C:\\\\\\_x \\<b\\> \\|\\$5 a\\_b \\-\\-force');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const escaped = plain(value);
      expect(escaped).not.toMatch(/[\n\r]/);
      expect(escaped.replace(/\\[\\<>`*_[\]~$|#-]/g, '')).not.toMatch(/[\\<>`*_[\]~$|#]|--/);
    }),
  );
});

test('a text that is cut inside a character is still text', () => {
  expect(() => encodeURIComponent(clip('ab😀cd', 4))).not.toThrow();
  expect(() => encodeURIComponent(renderDetails(state({ type: 'degraded', why: '\ud83d' })))).not.toThrow();
});

test('however much there is to say, the page fits into an address and still holds the questions', () => {
  const long = 'überlang | '.repeat(200);
  const many = Array.from({ length: 60 }, (_, index) =>
    step(`s${index}`, { title: long.slice(0, 60), startedAt: at(1), error: long }),
  );
  const page = renderDetails(
    state(
      { type: 'planned', hash: 'abc', problems: many.map(() => problem(long)), steps: many },
      ...many.map(({ id }): RunEvent => ({ type: 'fact', label: id, value: long })),
      { type: 'asked', ask: { ...GATE, evidence: many.map(() => long) } },
    ),
  );
  expect(encodeURIComponent(page).length).toBeLessThanOrEqual(7500);
  expect(messages(page)).toHaveLength(1);
  expect(page).toContain('query `status` has all');
});

test('a conclusion that tells of everything is cut', () => {
  const conclusion = 'the region does not answer; '.repeat(900);
  const page = renderDetails(state({ type: 'ended', outcome: 'REFUSED', conclusion, at: at(75) }));
  expect(encodeURIComponent(page).length).toBeLessThanOrEqual(7500);
});

test.each([
  [0.04, '0 s'],
  [9.97, '10 s'],
  [60, '1 min'],
  [200, '3 min 20 s'],
  [3900, '1 h 5 min'],
])('%d seconds are shown as %s', (seconds, words) => expect(duration(seconds)).toBe(words));
