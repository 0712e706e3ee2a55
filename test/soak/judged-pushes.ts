import type { AcknowledgedPush } from '../../lab/traffic/pushes-file';

/** What users were promised before and after a capture, beside what the service has now. */
export interface JudgedPushes {
  readonly acknowledgedBefore: number;
  /** Of those, not there; must be none. */
  readonly missing: number;
  /** After the capture, and until the service was replaced. */
  readonly acknowledgedAfter: number;
  /** Of those, there all the same. */
  readonly surviving: number;
}

/** From the freeze of the home to its snapshot; a push that was recorded just before may be answered within it. */
const SLACK_MS = 2000;

/**
 * @param acknowledged every push of which users were told that it is there
 * @param lost those that the service does not have
 * @param capturedAt epoch milliseconds by the machine's clock, which is that of the pushes
 * @param replacedAt the same: when users were let in to what was restored
 */
export function judgePushes(
  acknowledged: readonly AcknowledgedPush[],
  lost: readonly AcknowledgedPush[],
  { capturedAt, replacedAt }: { readonly capturedAt: number; readonly replacedAt: number },
): JudgedPushes {
  const gone = new Set(lost.map(({ commit }) => commit));
  const before = acknowledged.filter(({ at }) => Date.parse(at) < capturedAt);
  const after = acknowledged.filter(
    ({ at }) => Date.parse(at) > capturedAt + SLACK_MS && Date.parse(at) < replacedAt,
  );
  return {
    acknowledgedBefore: before.length,
    missing: before.filter(({ commit }) => gone.has(commit)).length,
    acknowledgedAfter: after.length,
    surviving: after.filter(({ commit }) => !gone.has(commit)).length,
  };
}
