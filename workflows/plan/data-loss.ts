import type { Problem } from '../runbook/step';

/**
 * A database of RDS for PostgreSQL that nobody uses commits by itself about so often, seconds. So the last commit that its
 * replica has may be this old without anything being lacking; the lag grows meanwhile [A §5.3].
 */
export const IDLE_SECONDS = 300;

/** Seconds from a commit, or a capture, to the incident; negative when it came after it. */
export function secondsBeforeIncident(at: string, incidentStartedAt: string): number {
  return (Date.parse(incidentStartedAt) - Date.parse(at)) / 1000;
}

/** Seconds of the home's content that a failover to a copy of `capturedAt` gives up, counted from the incident. */
export function homeLossSeconds(capturedAt: string, incidentStartedAt: string): number {
  return Math.max(0, secondsBeforeIncident(capturedAt, incidentStartedAt));
}

/** The home copy is older than the policy allows: only an explicit consent passes that. */
export function judgeHomeLoss(lossSeconds: number, limitSeconds: number): readonly Problem[] {
  if (lossSeconds <= limitSeconds) return [];
  return [
    {
      code: 'homeCopyTooOld',
      message: `The newest copy of the home lacks the last ${Math.round(lossSeconds)} s before the incident; the policy allows ${limitSeconds} s.`,
      remedy: 'Consent with a reason, or recover the home of the lost site first.',
      consent: 'dataLoss',
      figure: lossSeconds,
    },
  ];
}

/**
 * Seconds of commits that the promoted database lacks: from its last replayed commit to the incident. An upper bound,
 * because an idle database commits nothing. Null when it is not known.
 */
export function databaseLossSeconds(lastReplayedAt: string | null, incidentStartedAt: string): number | null {
  if (lastReplayedAt === null) return null;
  return Math.max(0, Math.round(secondsBeforeIncident(lastReplayedAt, incidentStartedAt) * 10) / 10);
}
