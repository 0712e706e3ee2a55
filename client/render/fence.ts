import type { Report } from '../../workflows/runbook/report';

/** What keeps the lost site from writing, one line; empty where the runbook has none. */
export function fence({ fence: given }: Report): readonly string[] {
  if (typeof given !== 'object' || given === null) return [];
  const { site, region, state } = given as Readonly<Record<string, unknown>>;
  return [`${String(site)} (${String(region)}): ${String(state)}`];
}
