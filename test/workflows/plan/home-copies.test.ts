import { chooseHomeCopy } from '../../../workflows/plan/home-copies';
import type { HomeCopy } from '../../../workflows/steps/list-home-copies';

const copy = (hour: number, o: Partial<HomeCopy> = {}): HomeCopy => ({
  snapshotId: `snap-${hour}`,
  backup: `backup-${hour}`,
  ...{ volume: 'home', members: ['home'], state: 'completed', sizeGiB: 10 },
  capturedAt: `2026-11-21T${hour}:00:00.000Z`,
  ...o,
});
const FAILED = { failedVerificationAt: '2026-11-22T03:00:00.000Z' };
const chosenOf = (copies: readonly HomeCopy[]) => {
  const choice = chooseHomeCopy(copies, ['home']);
  if (choice.chosen === null) throw new Error(choice.problem.message);
  return { ...choice, backup: choice.chosen.backup };
};

test('the newest is taken, and nothing is said', () => {
  expect(chosenOf([copy(10), copy(12), copy(11)])).toMatchObject({
    ...{ backup: 'backup-12', passedOver: [], problems: [] },
  });
});

test('an older one goes before one that has failed its verification, and the failed one is told', () => {
  expect(chosenOf([copy(10), copy(11), copy(12, FAILED)])).toMatchObject({
    backup: 'backup-11',
    passedOver: [expect.stringMatching(/^backup-12 of .*: failed its verification at 2026-11-22T03/)],
    problems: [],
  });
});

test('where all have failed the newest complete one is taken, with consent: a failover is never without a copy', () => {
  const pending = copy(13, { state: 'pending' });
  expect(chosenOf([copy(11, FAILED), copy(12, FAILED), pending])).toMatchObject({
    backup: 'backup-12',
    passedOver: [expect.stringMatching(/^backup-13 .*home is pending$/)],
    problems: [
      {
        code: 'homeCopyFailedVerification',
        consent: 'dataLoss',
        message: expect.stringContaining('The newest is backup-12'),
      },
    ],
  });
});

test('a set of which one volume has failed has failed', () => {
  const members = ['home', 'data'];
  const set = (hour: number, o: Partial<HomeCopy>) => [
    copy(hour, { members }),
    copy(hour, { members, volume: 'data', snapshotId: `snap-${hour}-data`, ...o }),
  ];
  expect(chosenOf([...set(10, {}), ...set(11, FAILED)]).backup).toBe('backup-10');
});

test.each(['pending', 'error'])(
  'of two snapshots of one volume the completed one is used, wherever the one that is %s is listed',
  (state) => {
    const twin = copy(12, { snapshotId: 'snap-twin', state, capturedAt: '2026-11-21T11:59:00.000Z' });
    for (const copies of [
      [copy(12), twin],
      [twin, copy(12)],
    ]) {
      expect(chosenOf([copy(11), ...copies])).toMatchObject({
        chosen: {
          backup: 'backup-12',
          snapshots: { home: 'snap-12' },
          capturedAt: '2026-11-21T12:00:00.000Z',
        },
        passedOver: [],
      });
    }
  },
);

test('of two completed snapshots of one volume the newest is used, and among equals always the same', () => {
  const older = copy(12, { snapshotId: 'snap-older', capturedAt: '2026-11-21T11:59:00.000Z' });
  const equal = copy(12, { snapshotId: 'snap-0' });
  const used = [
    [older, copy(12), equal],
    [equal, older, copy(12)],
    [copy(12), equal, older],
  ].map((copies) => chosenOf(copies).chosen?.snapshots.home);
  expect(new Set(used)).toEqual(new Set(['snap-12']));
});

test('a twin that has failed its verification speaks against the whole set, for it holds the same', () => {
  expect(chosenOf([copy(11), copy(12), copy(12, { snapshotId: 'snap-twin', ...FAILED })]).backup).toBe(
    'backup-11',
  );
});
