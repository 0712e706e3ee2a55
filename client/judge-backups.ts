import type { BackupsReport } from '../workflows/list-backups';
import { ageSeconds, freshnessOf, judgeAge } from '../workflows/plan/backup/freshness';
import type { AgeVerdict, NewestBackup } from '../workflows/plan/backup/freshness';

/** The newest backup of a kind, and whether it is young enough. */
interface JudgedBackup {
  readonly backup: string | null;
  /** ISO 8601. */
  readonly capturedAt: string | null;
  readonly ageSeconds: number | null;
  /** Null where no age was asked for. */
  readonly verdict: AgeVerdict | null;
}

/** How old the good backups of an instance are. */
export interface BackupAge {
  readonly instance: string;
  /** Every age that was asked for is `fresh`. */
  readonly good: boolean;
  readonly complete: JudgedBackup;
  readonly verified: JudgedBackup;
  /** What did not answer, or why nothing is known. */
  readonly silent: readonly string[];
}

/**
 * @param found what was found, or why nothing could be
 * @param limits seconds; null = told only
 */
export function judgeBackups(
  instance: string,
  found: Pick<BackupsReport, 'decisions' | 'asOf' | 'silent'> | { readonly why: string },
  limits: { readonly complete: number; readonly verified: number | null },
): BackupAge {
  const seen = 'why' in found ? { decisions: [], asOf: '', silent: [found.why] } : found;
  const { asOf, silent } = seen;
  const { complete, verified } = freshnessOf(
    seen.decisions.map(({ point }) => point),
    asOf,
  );
  const judge = (newest: NewestBackup | null, limit: number | null): JudgedBackup => ({
    backup: newest?.backup ?? null,
    capturedAt: newest?.capturedAt ?? null,
    ageSeconds: newest === null ? null : ageSeconds(newest, asOf),
    verdict: limit === null ? null : judgeAge(newest, asOf, limit, silent.length === 0),
  });
  const judged = {
    complete: judge(complete, limits.complete),
    verified: judge(verified, limits.verified),
  };
  const good = Object.values(judged).every(({ verdict }) => verdict === null || verdict === 'fresh');
  return { instance, good, ...judged, silent };
}
