import fc from 'fast-check';

import { delayFor, elapsedSeconds, lookAgain } from '../../../activities/aws/pace';
import { context } from './step-driver';

const pace = { expectedSeconds: 300, fastestSeconds: 5, slowestSeconds: 30 };
const exactly = () => 0.5;

test('looks slowly far from the expected end, tightly around it, slowly again when long overdue', () => {
  const delays = [0, 200, 270, 300, 340, 600].map((elapsed) => delayFor(pace, elapsed, exactly));
  expect(delays).toEqual([30, 30, 22.5, 5, 13.333333333333332, 30]);
});

test('never leaves the bounds of the pace by more than a tenth', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (elapsed, r) => {
        const delay = delayFor(pace, elapsed, () => r);
        expect(delay).toBeGreaterThanOrEqual(4.5);
        expect(delay).toBeLessThanOrEqual(33);
      },
    ),
  );
});

test('waits that started together do not ask together', () => {
  expect(delayFor(pace, 0, () => 0)).not.toBe(delayFor(pace, 0, () => 0.9));
});

test('outside an activity nothing has elapsed', () => {
  expect(elapsedSeconds()).toBe(0);
});

test('a look that is too early carries its progress line and its delay', () => {
  const failure = lookAgain('volume vol-1 is creating', context('createHomeVolume'));
  expect(failure).toMatchObject({ type: 'NotYet', message: 'volume vol-1 is creating' });
  expect(failure.nextRetryDelay).toBeGreaterThan(0);
});
