const { default: Sequencer } = require('@jest/test-sequencer');

/** Beginnings of the paths of the files that take longest, by the runs of CI. */
const LONGEST = [
  'test/sweeps/',
  'test/dr-failover/returning-primary',
  'test/backup/scheduled',
  'test/aurora/',
  'test/verify-backup/bad-days',
  'test/restore/',
  'test/restore-beside/',
  'test/outside/',
];

/**
 * Without a cache of former times, as in a clean clone, jest begins with the largest files; the longest one would be begun
 * last, and one of the two lanes would be idle for minutes.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super
      .sort(tests)
      .map((test) => ({ test, rank: rankOf(test.path) }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ test }) => test);
  }
};

function rankOf(path) {
  const found = LONGEST.findIndex((beginning) => path.includes(`/${beginning}`));
  return found === -1 ? LONGEST.length : found;
}
