import type { LedgerEntry } from '../gateway/ledger';

export interface LedgerSummary {
  readonly calls: number;
  readonly mutating: number;
  readonly failed: number;
  /** `region service action` to how often. */
  readonly byAction: Readonly<Record<string, number>>;
}

/** What was asked of AWS, in figures. */
export function summarise(entries: readonly LedgerEntry[]): LedgerSummary {
  const byAction: Record<string, number> = {};
  for (const { region, service, action } of entries) {
    const key = `${region} ${service} ${action}`;
    byAction[key] = (byAction[key] ?? 0) + 1;
  }
  return {
    calls: entries.length,
    mutating: entries.filter(({ mutating }) => mutating).length,
    failed: entries.filter(({ status }) => status >= 400 || status === 0).length,
    byAction: Object.fromEntries(Object.entries(byAction).sort(([, one], [, other]) => other - one)),
  };
}
