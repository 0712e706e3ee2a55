import type { StepContract } from '../runbook/step';
import { captureDatabase, captureVolumes } from '../steps/backup';
import type { CapturedPart, CapturePart } from '../steps/backup';

/**
 * How one kind of part is captured. Completion, copies and their removal are the same steps for all kinds; what they do
 * for a member is decided by its kind, in `activities/aws/backup/part-kinds.ts`. So another kind (a search snapshot,
 * ZFS, a dump) joins by one entry here and one there, and the runbook is not touched. A database is captured by one step
 * whether it is an instance or a cluster: which, the estate says.
 */
export interface PartKindSteps {
  /** Ends when the instant is captured and the source may go on; undo removes every trace. */
  readonly capture: StepContract<CapturePart, CapturedPart>;
}

/** What an instance consists of. Both are captured side by side, as close together as possible. */
export const PART_KINDS: Readonly<Record<'ebs' | 'rds', PartKindSteps>> = {
  ebs: { capture: captureVolumes },
  rds: { capture: captureDatabase },
};
