/**
 * By step, the words with which it says that the backup itself is bad. Whatever else a step fails with (nobody answers, a
 * secret is gone, the time is over, the launch never came) may as well be the fault of the drill site, of AWS or of the worker.
 * The tests of the steps hold their messages to these.
 */
const FOUND: Readonly<Record<string, RegExp>> = {
  mountHome: new RegExp(
    [
      'has no bitbucket\\.properties: the volume is not a copy',
      'has no data/repositories: is this the volume',
      'data/repositories is empty: Bitbucket would start without',
      'git fsck --connectivity-only fails in',
      // Of mount itself: the file system cannot be read. A device that hangs says nothing of the kind.
      'wrong fs type|bad superblock|read superblock|Structure needs cleaning',
    ].join('|'),
    'i',
  ),
  'startNode.1': / says (ERROR|FIRST_RUN): /,
  // Another version is what the drill site installs, and not what the backup holds. A trial fails by a count only where there
  // is none at all.
  compareWithBackup: /\d+ (projects|repositories), the manifest says \d+/,
  checkRepositories: /^git finds \d+ of \d+ repositories broken/,
  smokeTest: /shows the set-up wizard: it sees an empty|a push that was accepted is gone/,
  cloneRepositories:
    /^the clone of \S+ is not whole|possible repository corruption|bad object |unable to read [0-9a-f]{40}|\b(missing|corrupt) (blob|tree|commit|loose object)/,
};

/** A wait that was given up ends with what was seen last, which nobody has looked into. */
const GIVEN_UP = /^(no answer|not there) within the step's budget/;

/** Whether a step that failed for good has found something about the backup. @param why in the words of the run */
export function isFinding(step: string | null, why: string): boolean {
  return step !== null && !GIVEN_UP.test(why) && FOUND[step]?.test(why) === true;
}
