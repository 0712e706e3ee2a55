import { metricMeter } from '@temporalio/activity';

import { freshnessOf } from '../../../workflows/plan/backup/freshness';
import type { RestorePoint } from '../../../workflows/plan/backup/restore-point';

/**
 * Tells the worker's metrics what was seen. Nothing is told where nothing was seen: an instance without a backup has no
 * such metric, which an alert must take for old.
 */
export function tellAge(instance: string, points: readonly RestorePoint[], asOf: string): void {
  const { complete, verified } = freshnessOf(points, asOf);
  if (complete !== null) tellBackup(instance, 'complete', complete.capturedAt);
  if (verified !== null) tellBackup(instance, 'verified', verified.capturedAt);
}

/**
 * Epoch seconds: `time() - max by (instance) (…)` is the age, also when nobody has looked for long.
 * @param capturedAt ISO 8601
 */
export function tellBackup(instance: string, kind: 'complete' | 'verified', capturedAt: string): void {
  metricMeter
    .createGauge(
      'runbooks_last_good_backup_timestamp_seconds',
      'float',
      undefined,
      'When the newest good backup of the instance was captured; kind: complete, or verified by a restore.',
    )
    .set(Date.parse(capturedAt) / 1000, { instance, kind });
}
