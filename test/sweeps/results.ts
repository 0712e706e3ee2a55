export const KINDS = ['kill', 'lostAnswer', 'cancel', 'random'] as const;
export type Kind = (typeof KINDS)[number];

/** One thing that went wrong on purpose, and what came of it. */
export interface CaseResult {
  readonly name: string;
  /** The same resource made twice, or an effect applied twice. */
  readonly duplicates: readonly string[];
  /** A broken invariant, a wrong end, a case that never happened. */
  readonly violations: readonly string[];
  /** Worker dead until another one had ended an attempt. */
  readonly resumeSeconds?: number;
  /** How long two sites wrote because a fence to which people had consented unproven could not be set earlier. */
  readonly exposedSeconds?: number;
  /** Of a random schedule. */
  readonly seed?: number;
}

export interface KindResult {
  readonly cases: number;
  readonly passed: number;
  readonly duplicates: number;
  readonly violations: number;
  /** Runs that the cases were spread over. */
  readonly runs: number;
  readonly seconds: number;
  readonly failures: readonly CaseResult[];
}

export interface SweepResult {
  readonly runbook: string;
  readonly kinds: Readonly<Partial<Record<Kind, KindResult>>>;
  /** Null when no worker was killed. */
  readonly longestResumeSeconds: number | null;
  /** The longest time in which a site that came back unfenced wrote beside its successor; null when none did. */
  readonly longestExposedSeconds: number | null;
}

/** What one run in one world brought: cases share its verdict, since nobody can tell which of them was to blame. */
export interface RunResult {
  readonly cases: readonly CaseResult[];
}

/** A world with all its cases; the longest takes a third of it on a busy machine. */
const LIMIT_SECONDS = 1800;

/** The result of a run; one that comes to no end fails its cases and none of the others. */
export async function orFailed(
  names: readonly string[],
  work: () => Promise<RunResult>,
  limitSeconds = LIMIT_SECONDS,
): Promise<RunResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const tooLate = new Error(`not over after ${limitSeconds} s: the sweep or the lab hangs`);
    timer = setTimeout(() => reject(tooLate), limitSeconds * 1000);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    const violations = [error instanceof Error ? error.message : String(error)];
    return { cases: names.map((name) => ({ name, duplicates: [], violations })) };
  } finally {
    clearTimeout(timer);
  }
}

/** For the line that tells of a run. */
export function score({ cases }: RunResult): string {
  const failed = cases.filter((one) => one.duplicates.length + one.violations.length > 0);
  const reasons = new Set(failed.flatMap((one) => [...one.duplicates, ...one.violations]));
  return `${cases.length - failed.length} of ${cases.length} cases passed${[...reasons].map((why) => `\n         ${why}`).join('')}`;
}

export function addUp(runs: readonly RunResult[], seconds: number): KindResult {
  const cases = runs.flatMap((run) => run.cases);
  const failures = cases.filter((one) => one.duplicates.length + one.violations.length > 0);
  const distinct = (of: 'duplicates' | 'violations'): number =>
    runs.reduce((sum, run) => sum + new Set(run.cases.flatMap((one) => one[of])).size, 0);
  return {
    cases: cases.length,
    passed: cases.length - failures.length,
    duplicates: distinct('duplicates'),
    violations: distinct('violations'),
    runs: runs.length,
    seconds: Math.round(seconds),
    failures,
  };
}

export function longestResume(runs: readonly RunResult[]): number | null {
  return longest(runs, ({ resumeSeconds }) => resumeSeconds);
}

export function longestExposed(runs: readonly RunResult[]): number | null {
  return longest(runs, ({ exposedSeconds }) => exposedSeconds);
}

function longest(runs: readonly RunResult[], of: (one: CaseResult) => number | undefined): number | null {
  const all = runs.flatMap((run) => run.cases.flatMap((one) => of(one) ?? []));
  return all.length === 0 ? null : Math.round(Math.max(...all) * 10) / 10;
}
