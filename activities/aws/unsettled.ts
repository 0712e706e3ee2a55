import { recall, remember } from '../runbook/call-scope';
import { notYet } from '../errors';
import type { AwsClients } from './clients';
import { elapsedSeconds } from './pace';

const MET = 'met what is taken back';

/** An undo has met what it takes back: that it is gone later in the same undo is its own work, and needs no second look. */
export function noteMet(): void {
  remember(MET, true);
}

/** For what an undo takes back as a whole: met when it is found, looked for again when it is not; `what` as in `lookTwice`. */
export function meet(aws: Pick<AwsClients, 'settleSeconds'>, isFound: boolean, what: string): void {
  if (isFound) noteMet();
  else lookTwice(aws, what);
}

/**
 * An undo that finds nothing to take back does not believe its first look: a cancel aborts a request that AWS may have
 * got already, and what was made a moment ago may not be shown yet [A §3.2, §6].
 * @param what is looked for, e.g. `a volume from snap-1`
 * @throws NotYet until a request without an answer counts as never sent
 */
export function lookTwice(aws: Pick<AwsClients, 'settleSeconds'>, what: string): void {
  const left = aws.settleSeconds - elapsedSeconds();
  if (left <= 0 || recall(MET) === true) return;
  throw notYet(`looking again for ${what}, which may be on its way still`, left);
}
