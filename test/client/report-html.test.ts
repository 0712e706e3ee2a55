import fc from 'fast-check';
import { escapeHtml, reportHtml } from '../../client/report-html';
import { chooseAsk } from '../../client/commands/answer';
import { loss } from '../../client/render/recovery';
import { span } from '../../client/render/words';
import { initialState, reduce } from '../../workflows/runbook/events';
import { reportOf } from '../../workflows/runbook/report';
import type { Report } from '../../workflows/runbook/report';
import type { Ask } from '../../workflows/runbook/state';

const START = '2025-03-01T02:00:00.000Z';
const at = (seconds: number): string => new Date(Date.parse(START) + seconds * 1000).toISOString();

const ASK: Ask = {
  id: 'failover',
  kind: 'gate',
  title: 'Fail over',
  evidence: ['region is <gone>'],
  verdicts: ['approve', 'deny'],
  roles: ['operator'],
  needed: 2,
  noteRequired: false,
  planHash: 'abc',
  openedAt: at(5),
  deadlineAt: at(1800),
  decisions: [{ actor: 'ada & co', verdict: 'approve', at: at(8), note: null }],
  result: 'approve',
  closedAt: at(9),
};

function report(change: Partial<Report> = {}): Report {
  const state = initialState('drFailover', 'drFailover/prod/1', 'run', START);
  const ended = reduce(state, { type: 'ended', outcome: 'SUCCEEDED', conclusion: 'all well', at: at(60) });
  return {
    ...reportOf(ended, null, Date.parse(at(60))),
    instance: 'prod',
    rto: { detectSeconds: 10, decideSeconds: 20, actSeconds: 60, verifySeconds: 10, totalSeconds: 100 },
    asks: [ASK],
    steps: [
      {
        id: 'promoteReplica',
        title: 'Promote',
        risk: 'pointOfNoReturn',
        state: 'done',
        startedAt: at(15),
        endedAt: at(45),
        seconds: 30,
        tries: 1,
        proof: { role: 'primary' },
        error: null,
      },
    ],
    rpo: {
      databaseSeconds: 2,
      homeSeconds: 61,
      pushesCompared: 9,
      lostPushes: [{ repository: 'OPS/x', count: 3 }],
    },
    ...change,
  };
}

test('the page holds outcome, split recovery time, loss, steps, decisions and calls', () => {
  const html = reportHtml(report());
  for (const part of [
    'SUCCEEDED',
    'Recovery time: 1 min 40 s',
    'flex-grow:0.6000',
    'the last 1 min 01 s',
    'OPS/x: 3',
    'left:25.00%;width:50.00%',
    'role primary',
    'point of no return',
    'ada &#38; co',
    'closed: approve',
    '0 calls',
  ]) {
    expect(html).toContain(part);
  }
});

test('the page needs nothing from outside and runs no script', () => {
  const html = reportHtml(report());
  expect(html).not.toMatch(/<script|<link|<img|src=|url\(|@import|https?:/i);
});

test('no text from the run becomes markup', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(escapeHtml(text)).not.toMatch(/[<>"']/);
    }),
  );
  const evil = '"><script>alert(1)</script>';
  const html = reportHtml(
    report({
      instance: evil,
      conclusion: evil,
      reason: evil,
      facts: [{ label: evil, value: evil }],
      problems: [{ code: evil, message: evil, remedy: evil, consent: evil }],
      degraded: [evil],
      followUps: [evil],
      standing: [evil],
      asks: [{ ...ASK, title: evil, evidence: [evil], roles: [evil], planHash: evil }],
      calls: { total: 1, mutating: 0, byRegion: { [evil]: 1 } },
      rpo: { [evil]: evil },
    }),
  );
  expect(html).not.toContain('<script');
});

test('what several problems have in common is said once, with who accepted them', () => {
  const remedy = 'Make sure by other means.';
  const problems = ['nodes unseen', 'home unseen'].map((message) => ({
    ...{ code: 'fenceUnproven', message, remedy, consent: 'unprovenFence' },
  }));
  const consent: Ask = {
    ...ASK,
    id: 'unprovenFence',
    evidence: problems.map(({ message }) => `${message} ${remedy}`),
  };
  const html = reportHtml(report({ problems, asks: [consent] }));
  expect(html.split(remedy)).toHaveLength(2);
  expect(html.split('nodes unseen')).toHaveLength(2);
  expect(html).toContain('Accepted by ada &#38; co.');
  expect(reportHtml(report({ problems, asks: [] }))).toContain('Passes with consent unprovenFence.');
});

test('evidence that the page shows among the findings is referred to, other evidence is shown', () => {
  const facts = [{ label: 'lost site', value: 'north' }];
  const ask: Ask = { ...ASK, evidence: ['lost site: north', '17 steps'] };
  const html = reportHtml(report({ facts, asks: [ask] }));
  expect(html.split('lost site: north')).toHaveLength(2);
  expect(html).toContain('On what is listed above, and on this:');
  expect(html).toContain('<li>17 steps</li>');
});

test('a run that goes on, or knows nothing of loss, is a page as well', () => {
  const html = reportHtml(
    report({ outcome: null, conclusion: null, endedAt: null, steps: [], asks: [], rpo: undefined }),
  );
  expect(html).toContain('goes on');
  expect(html).not.toContain('Data loss');
});

test('a loss that could not be measured is called unknown, not nothing', () => {
  expect(
    loss(report({ rpo: { databaseSeconds: null, homeSeconds: 5, pushesCompared: null, lostPushes: null } })),
  ).toEqual(['database: unknown', 'home: the last 5 s', 'pushes: could not be compared']);
  expect(loss(report({ rpo: { pushesCompared: 4, lostPushes: [] } }))).toEqual([
    'pushes: none lost of 4 compared',
  ]);
});

test.each([
  [0.04, '0 s'],
  [0.44, '0.4 s'],
  [9.97, '10 s'],
  [59.6, '1 min'],
  [200, '3 min 20 s'],
  [3900, '1 h 05 min'],
])('%d seconds read as %s', (seconds, words) => expect(span(seconds)).toBe(words));

test('an answer without a name goes only to the one thing that takes it', () => {
  const state = { ...initialState('x', 'x/y/1', 'run', START), asks: [{ ...ASK, result: null }] };
  expect(chooseAsk(state, undefined, 'approve').id).toBe('failover');
  expect(() => chooseAsk(state, undefined, 'retry')).toThrow(/nothing that x\/y\/1 asks takes retry/);
  const two = { ...state, asks: [...state.asks, { ...ASK, id: 'dataLoss', result: null }] };
  expect(() => chooseAsk(two, undefined, 'approve')).toThrow(/more than one/);
  expect(chooseAsk(two, 'dataLoss', 'approve').id).toBe('dataLoss');
});
