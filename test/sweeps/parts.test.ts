import { addUp, longestResume, orFailed } from './results';
import { endsAsWanted, wrongOf } from './cancel';
import { metByAnother } from './kill';
import { appliedTwice, endedWell } from './oracle';
import { distinctCalls } from './calls';
import { exposureOf } from './exposure';
import type { RunState } from '../../workflows/runbook/state';
import { deal, pool } from './pool';
import { makeSchedule } from './schedule';
import type { CleanRun } from './clean-run';
import type { SweptWorld } from './swept-world';
import type { LedgerEntry } from '../../lab/gateway/ledger';

const clean: CleanRun = {
  activities: ['admit', 'fenceHome/run', 'promoteReplica/verify'].map((activity) => ({
    activity,
    nth: 1,
    edge: 'end' as const,
  })),
  steps: [],
  calls: [],
  requests: [],
  seconds: 20,
};

test('a run that comes to no end fails its cases, and the sweep goes on', async () => {
  const never = new Promise<never>(() => undefined);
  const { cases } = await orFailed(['one', 'two'], () => never, 0.05);
  expect(cases).toEqual([
    { name: 'one', duplicates: [], violations: ['not over after 0.05 s: the sweep or the lab hangs'] },
    { name: 'two', duplicates: [], violations: ['not over after 0.05 s: the sweep or the lab hangs'] },
  ]);
});

test('a seed gives the same schedule again, and another seed another one', () => {
  const reordered = { activities: [...clean.activities].reverse() };
  expect(makeSchedule(7, reordered)).toEqual(makeSchedule(7, clean));
  const all = Array.from({ length: 200 }, (_, seed) => JSON.stringify(makeSchedule(seed, clean)));
  expect(new Set(all).size).toBe(200);
  const kinds = new Set(
    Array.from({ length: 200 }, (_, seed) => makeSchedule(seed, clean)).flatMap(({ mishaps }) =>
      mishaps.map(({ mishap }) => mishap.kind),
    ),
  );
  expect([...kinds].sort()).toEqual([
    'clockJump',
    'databaseCrash',
    'killWorker',
    'loseAnswers',
    'partition',
    'primaryReturns',
    'temporalRestart',
    'throttle',
  ]);
});

const call = (action: string, parameters: Record<string, unknown>, more: Partial<LedgerEntry> = {}) => ({
  ...{ at: 0, account: '1', region: 'eu-west-1', service: 'ec2', action, mutating: true },
  ...{ status: 200, errorCode: null, applied: true, parameters, ...more },
});

describe('an effect counts as applied twice', () => {
  const once = call('CreateVolume', { SnapshotId: 'snap-0123456789abcdef0' });
  const known = distinctCalls([once]);

  test('when a second call made the same thing, whatever identifiers it had', () => {
    const again = call('CreateVolume', { SnapshotId: 'snap-0fedcba9876543210' });
    expect(appliedTwice([once], known)).toEqual([]);
    expect(appliedTwice([once, again], known)).toEqual(['eu-west-1 ec2 CreateVolume took effect 2 times']);
  });

  test('but not when it was refused, never arrived, or carried the same token', () => {
    const refused = call('CreateVolume', { SnapshotId: 'snap-0123456789abcdef0' }, { errorCode: 'X' });
    const dropped = call('CreateVolume', { SnapshotId: 'snap-0123456789abcdef0' }, { applied: false });
    expect(appliedTwice([once, refused, dropped], known)).toEqual([]);
    const token = { token: 'one' };
    const parameters = { SnapshotId: 'snap-0123456789abcdef0' };
    expect(
      appliedTwice([call('CreateVolume', parameters, token), call('CreateVolume', parameters, token)], known),
    ).toEqual([]);
  });

  test('but not when a repetition changes nothing more', () => {
    const set = call('SuspendProcesses', { AutoScalingGroupName: 'a' });
    expect(appliedTwice([set, set], distinctCalls([set]))).toEqual([]);
  });
});

test('figures of a sweep: a run that broke something fails its cases, and its breach counts once', () => {
  const broken = { duplicates: [], violations: ['two writers'] };
  const runs = [
    {
      cases: [
        { name: 'a', ...broken },
        { name: 'b', ...broken, resumeSeconds: 4.26 },
      ],
    },
    { cases: [{ name: 'c', duplicates: [], violations: [], resumeSeconds: 3 }] },
  ];
  expect(addUp(runs, 1.2)).toMatchObject({ cases: 3, passed: 1, duplicates: 0, violations: 1, runs: 2 });
  expect(longestResume(runs)).toBe(4.3);
});

test('work is dealt evenly and carried out so many pieces at a time', async () => {
  expect(deal([1, 2, 3, 4, 5], 2)).toEqual([
    [1, 3, 5],
    [2, 4],
  ]);
  expect(deal([1], 4)).toEqual([[1]]);
  let running = 0;
  let most = 0;
  const doubled = await pool([1, 2, 3, 4], 2, async (number) => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    return number * 2;
  });
  expect([doubled, most]).toEqual([[2, 4, 6, 8], 2]);
});

test('a run that could not hide what happened to it ended well only for the reasons that its runbook excuses', () => {
  const swept = { completed: ['SUCCEEDED'], mayDegrade: /crash-consistent$/ } as const;
  const ended = (outcome: RunState['outcome'], ...degraded: string[]) =>
    endedWell(swept, { outcome, degraded });
  expect(ended('SUCCEEDED')).toBe(true);
  expect(ended('DEGRADED', 'Capture: only crash-consistent')).toBe(true);
  expect(ended('DEGRADED', 'Capture: only crash-consistent', 'a copy is missing')).toBe(false);
  expect(ended('UNDONE')).toBe(false);
  expect(endedWell({ completed: ['SUCCEEDED'] }, { outcome: 'DEGRADED', degraded: ['anything'] })).toBe(
    false,
  );
});

test('a worker that dies for another moment right after a result was handed in has died at the boundary behind it', () => {
  const boundary = { activity: 'fenceHome/verify', nth: 1, edge: 'boundary' } as const;
  const of = { runId: 'r', activityId: '1', activity: 'fenceHome/verify', nth: 1 };
  const end = (pid: number, at: number) => ({ ...of, event: 'end', ok: true, pid, at }) as const;
  const kill = (pid: number, at: number) =>
    ({ ...of, activity: 'fenceNodes/verify', event: 'kill', pid, at }) as const;
  expect(metByAnother(boundary, [end(1, 100), kill(1, 104)])).toBe(true);
  expect(metByAnother({ ...boundary, edge: 'end' }, [end(1, 100), kill(1, 104)])).toBe(false);
  expect(metByAnother(boundary, [end(1, 100), kill(2, 104)])).toBe(false);
  expect(metByAnother(boundary, [end(1, 100), kill(1, 400)])).toBe(false);
  // It was not handed in after all: another worker did it again, and lived on.
  expect(metByAnother(boundary, [end(1, 100), kill(1, 104), end(2, 900)])).toBe(false);
  expect(metByAnother(boundary, [kill(1, 104)])).toBe(false);
});

describe('two writers are excused', () => {
  const overlap = { writers: ['primary', 'standby'], from: 10_000, until: 15_000 };
  const asked = (id: string, result: string) => ({ asks: [{ id, result }] }) as unknown as RunState;
  const consented = asked('unprovenFence', 'approve');

  test('when people went on without the fence, the site came back by itself, and it was fenced soon', () => {
    expect(exposureOf([overlap], consented, 9_000)).toMatchObject({ seconds: 5, until: 15_000 });
  });

  test('and under no other circumstances', () => {
    const none = { seconds: null, until: null, excused: [] };
    expect(exposureOf([overlap], asked('unprovenFence', 'deny'), 9_000)).toEqual(none);
    expect(exposureOf([overlap], asked('unprovenFenceOfSomething', 'approve'), 9_000)).toEqual(none);
    expect(exposureOf([overlap], consented, null)).toEqual(none);
    expect(exposureOf([overlap], consented, 12_000)).toEqual(none);
    expect(exposureOf([{ ...overlap, until: null }], consented, 9_000)).toEqual(none);
    expect(exposureOf([{ ...overlap, until: 99_000 }], consented, 9_000)).toEqual(none);
  });
});

describe('a stopped run', () => {
  const step = { id: 'copy.there', title: 'Copy', risk: 'reversible' as const };
  const rules = {
    completed: ['SUCCEEDED'] as const,
    ruled: (id: string) => (id === 'copy.there' ? ('DEGRADED' as const) : undefined),
  };
  const ended = (outcome: RunState['outcome'], ...states: readonly string[]) =>
    ({ outcome, degraded: [], steps: states.map((state) => ({ state })) }) as unknown as RunState;
  const stop = (way: 'cancel' | 'abort', late: boolean, id = 'copy.there') =>
    ({ way, late, step: { ...step, id } }) as Parameters<typeof endsAsWanted>[0];

  test('takes all back before the point of no return, and hands over after it', () => {
    expect(endsAsWanted(stop('cancel', false), rules, ended('UNDONE', 'undone'))).toBe(true);
    expect(endsAsWanted(stop('cancel', false), rules, ended('HANDED_OVER', 'done', 'planned'))).toBe(false);
    expect(endsAsWanted(stop('cancel', true), rules, ended('HANDED_OVER', 'done', 'planned'))).toBe(true);
    expect(endsAsWanted(stop('cancel', true), rules, ended('SUCCEEDED', 'done', 'planned'))).toBe(false);
  });

  test('may come to its end where its last step was over', () => {
    expect(endsAsWanted(stop('cancel', true), rules, ended('SUCCEEDED', 'done', 'done'))).toBe(true);
    expect(endsAsWanted(stop('cancel', true), rules, ended('HANDED_OVER', 'done', 'done'))).toBe(true);
    expect(endsAsWanted(stop('cancel', true), rules, ended('UNDONE', 'done', 'done'))).toBe(false);
  });

  test('ends by the rule of its runbook where a step has failed and one is given', () => {
    expect(endsAsWanted(stop('abort', true), rules, ended('DEGRADED', 'done', 'undone'))).toBe(true);
    expect(endsAsWanted(stop('abort', true), rules, ended('HANDED_OVER', 'done', 'failed'))).toBe(false);
    expect(endsAsWanted(stop('abort', true, 'other'), rules, ended('DEGRADED', 'done', 'failed'))).toBe(
      false,
    );
  });

  test('is held to what it says of each step, also where the id of the step names a place', () => {
    const stands = { copy: ({ store }: SweptWorld) => store.length > 0 };
    const look = (state: string, store: readonly string[], standing: readonly string[]) =>
      wrongOf(
        { stands },
        { outcome: 'HANDED_OVER', steps: [{ ...step, state }] } as unknown as RunState,
        standing,
        { store } as unknown as SweptWorld,
      );
    expect(look('done', ['a'], ['stands: Copy (copy.there)'])).toEqual([]);
    expect(look('done', [], ['stands: Copy (copy.there)'])).toEqual([
      'copy.there is said to stand, and does not',
    ]);
    expect(look('planned', ['a'], ['not done: Copy (copy.there)'])).toEqual([
      'copy.there is said not to have been done, and stands',
    ]);
    expect(look('done', ['a'], [])).toEqual(['copy.there (done) is not in what the report says that stands']);
  });
});
