import type { LedgerEntry } from '../../lab/gateway/ledger';
import type { RunState } from '../../workflows/runbook/state';
import type { LiveRun } from '../support/live-run';
import { fingerprint } from './calls';
import type { KnownCall } from './calls';
import type { SweptRunbook } from './runbooks';
import type { Session } from './session';

export interface Expectation {
  /** Length of the ledger when the run began. */
  readonly mark: number;
  /** What an undisturbed run calls. */
  readonly calls: readonly KnownCall[];
}

export interface Verdict {
  readonly duplicates: readonly string[];
  readonly violations: readonly string[];
}

/** Calls each of which makes or starts something; repeating any other with the same parameters has no second effect. */
const MAKING = /^(Create(?!Tags|OrUpdateTags)|Copy|Run|Promote|Restore|Reboot|Execute|Terminate)/;

/** Judges a run that has ended, from the outside: by the world, by what was called, by its history. Heals the world. */
export async function judge(
  session: Session,
  run: LiveRun,
  state: RunState,
  expected: Expectation,
): Promise<Verdict> {
  const { bench, worker } = session;
  await bench.world.heal();
  const all = await bench.violations();
  const twice = all.filter((line) => line.startsWith('nothing created twice'));
  const outcome = state.outcome ?? 'SUCCEEDED';
  return {
    duplicates: [...twice, ...appliedTwice(bench.changesSince(expected.mark), expected.calls)],
    violations: [
      ...all.filter((line) => !twice.includes(line)),
      ...worker.crashes,
      ...(endedWell(session.runbook, state) ? [] : [`${run.id} ended ${outcome}: ${state.conclusion ?? ''}`]),
    ],
  };
}

/** As if nothing had been, or less well for a reason that could not be hidden. */
export function endedWell(
  { completed, mayDegrade }: Pick<SweptRunbook, 'completed' | 'mayDegrade'>,
  { outcome, degraded }: Pick<RunState, 'outcome' | 'degraded'>,
): boolean {
  if (outcome === null) return false;
  const excused = outcome === 'DEGRADED' && degraded.every((why) => mayDegrade?.test(why) === true);
  return completed.includes(outcome) || excused;
}

/** Those whose undo is the same call once more. */
const UNDOES_ITSELF = /ChangeSet$/;

/**
 * Calls that made or started the same thing more often than an undisturbed run does. One token is one effect.
 * @param isUndone what the run did was taken back again
 */
export function appliedTwice(
  entries: readonly LedgerEntry[],
  calls: readonly KnownCall[],
  isUndone = false,
): readonly string[] {
  const effects = new Map<string, Set<unknown>>();
  for (const entry of entries) {
    if (!entry.applied || entry.errorCode !== null || !MAKING.test(entry.action)) continue;
    const key = fingerprint(entry);
    const known = effects.get(key) ?? new Set();
    effects.set(key, known.add(entry.token ?? entry));
  }
  return [...effects].flatMap(([key, { size }]) => {
    const known = calls.find((call) => call.fingerprint === key);
    const mayRepeat = isUndone && known !== undefined && UNDOES_ITSELF.test(known.action);
    const allowed = (known?.count ?? 1) * (mayRepeat ? 2 : 1);
    return size > allowed ? [`${known?.name ?? key} took effect ${size} times`] : [];
  });
}
