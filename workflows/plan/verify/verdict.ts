import type { VerificationRecord } from '../backup/manifest';
import { isFinding } from './finding';

type RecordedCheck = VerificationRecord['checks'][number];

export interface TrialCheck extends RecordedCheck {
  /** It could not be carried out, and says nothing about the backup. */
  readonly untried?: true;
}

interface Failure {
  readonly step: string | null;
  readonly why: string;
}

/** How a trial went. `result` null: it says nothing about the backup, for it did not get so far. */
export interface Verdict {
  readonly result: VerificationRecord['result'] | null;
  readonly checks: readonly TrialCheck[];
  /** Why it did not pass, one line. */
  readonly why: string | null;
}

/** What came of one check that has failed for good: something found, or nothing learned. */
export function failedCheck(name: string, why: string): TrialCheck {
  return { name, passed: false, detail: why, ...(isFinding(name, why) ? {} : { untried: true }) };
}

/** A check that has read none of the repositories that were wanted: nobody knows what git would have said. */
export function unfinishedCheck(name: string, wanted: number): TrialCheck {
  const detail = `none of the ${wanted} repositories that were chosen could be read in time`;
  return { name, passed: false, detail, untried: true };
}

/** A check for which no repository could be chosen, though the database has some. */
export function unreadCheck(name: string, rows: number): TrialCheck {
  const detail = `nothing was read: none of the ${rows} repositories was found where it could be`;
  return { name, passed: false, detail, untried: true };
}

/**
 * A backup has passed when the trial came to its end and every check with it. It has failed when something was found in it,
 * by a check or by a step on the way. A quota that was full, a host that was silent, time that was over are neither: nobody
 * must take them for a bad backup, and nobody for a good one.
 * @param failure what ended the trial early; null = nothing did
 */
export function verdictOf(checks: readonly TrialCheck[], failure: Failure | null): Verdict {
  const found = failure !== null && isFinding(failure.step, failure.why);
  const all = found ? [...checks, { name: failure.step ?? '', passed: false, detail: failure.why }] : checks;
  const failed = all.filter(({ passed, untried }) => !passed && untried !== true);
  if (failed.length > 0) return { result: 'failed', checks: all, why: inOneLine(failed) };
  const untried = inOneLine(all.filter((check) => check.untried === true));
  if (failure !== null) {
    const ended = `${failure.step ?? 'the trial'}: ${failure.why}`;
    return { result: null, checks: all, why: [untried, ended].filter(Boolean).join('; ') };
  }
  return untried === ''
    ? { result: 'passed', checks: all, why: null }
    : { result: null, checks: all, why: untried };
}

/** What is written down beside the manifest: what was looked at. */
export function recordedChecks({ checks }: Verdict): readonly RecordedCheck[] {
  return checks.filter(({ untried }) => untried !== true);
}

function inOneLine(checks: readonly TrialCheck[]): string {
  return checks.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
}
