import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../estate/duration';

test.each([
  ['250ms', 0.25],
  ['5s', 5],
  ['1.5h', 5400],
  ['2 d', 172_800],
  [7, 7],
  [0.5, 0.5],
  ['0s', 0],
])('%s is %d seconds', (given, seconds) => expect(parseDuration(given)).toBe(seconds));

test.each(['5', '5 minutes', '-1s', 's', '', '1h30m', Number.NaN, -1, Infinity])('%s is refused', (given) =>
  expect(parseDuration(given)).toBeUndefined(),
);

test('what is formatted is read back as the same number of milliseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (milliseconds) => {
      expect(parseDuration(formatDuration(milliseconds / 1000))).toBeCloseTo(milliseconds / 1000, 6);
    }),
  );
});
