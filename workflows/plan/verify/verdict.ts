import type { VerificationRecord } from '../backup/manifest';

export type TrialCheck = VerificationRecord['checks'][number];

interface Failure {
  readonly step: string | null;
  readonly why: string;
}

/** Steps that fail because of what the backup holds; any other may as well fail because of the drill site, or of AWS. */
const TELLING: readonly string[] = ['mountHome', 'startNode.1'];

/** How a trial went. `result` null: it says nothing about the backup, for it did not get so far. */
export interface Verdict {
  readonly result: VerificationRecord['result'] | null;
  readonly checks: readonly TrialCheck[];
  /** Why it did not pass, one line. */
  readonly why: string | null;
}

/**
 * A backup has passed when the trial came to its end and every check with it. It has failed when a check did, or a step that
 * tells of the backup. A quota that was full, or time that was over, is neither: nobody must take it for a bad backup.
 * @param failure what ended the trial early; null = nothing did
 */
export function verdictOf(checks: readonly TrialCheck[], failure: Failure | null): Verdict {
  const telling = failure !== null && failure.step !== null && TELLING.includes(failure.step);
  const all = telling
    ? [...checks, { name: failure.step ?? '', passed: false, detail: failure.why }]
    : checks;
  const failed = all.filter(({ passed }) => !passed);
  if (failed.length > 0) {
    const why = failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
    return { result: 'failed', checks: all, why };
  }
  return failure === null
    ? { result: 'passed', checks: all, why: null }
    : { result: null, checks: all, why: `${failure.step ?? 'the trial'}: ${failure.why}` };
}
