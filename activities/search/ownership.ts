import type { StepContext } from '../../workflows/runbook/step';
import { TAGS } from '../../workflows/plan/backup/manifest';
import type { CaptureSearch } from '../../workflows/steps/search';
import { terminal } from '../errors';
import type { StoredSnapshot } from './answers';

const RUN_ID = 'runbooks:run-id';
const REGION = 'runbooks:region';

type WithMetadata = Pick<StoredSnapshot, 'metadata'>;

/** What a snapshot of ours says of itself; set in the call that begins it. */
export function ownMetadata(
  { instance, run }: StepContext,
  { backup, region }: Pick<CaptureSearch, 'backup' | 'region'>,
): Readonly<Record<string, string>> {
  return {
    [TAGS.instance]: instance,
    [TAGS.backup]: backup,
    [TAGS.run]: run.workflowId,
    [RUN_ID]: run.firstRunId,
    ...(region === undefined ? {} : { [REGION]: region }),
  };
}

/** Whether this run has begun it. */
export function isOurs({ metadata }: WithMetadata, { run }: StepContext): boolean {
  return metadata[TAGS.run] === run.workflowId && metadata[RUN_ID] === run.firstRunId;
}

/** Whether a run for this instance has begun it. */
export function isOfInstance({ metadata }: WithMetadata, instance: string): boolean {
  return metadata[TAGS.instance] === instance;
}

/** Null: it names none. */
export function backupOf({ metadata }: WithMetadata): string | null {
  const backup = metadata[TAGS.backup];
  return typeof backup === 'string' ? backup : null;
}

/** Of the site whose index it holds; undefined: it does not say. */
export function regionOf({ metadata }: WithMetadata): string | undefined {
  const region = metadata[REGION];
  return typeof region === 'string' ? region : undefined;
}

/** @throws Terminal for one that somebody else has made */
export function requireOurs(snapshot: StoredSnapshot, context: StepContext): void {
  if (isOurs(snapshot, context)) return;
  throw terminal(
    `a snapshot ${snapshot.name} of the search index exists and does not say that it is this run's: it is not ours, ` +
      'and stays as it is.',
  );
}
