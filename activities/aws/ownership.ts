import { createHash } from 'node:crypto';

import type { StepContext } from '../../workflows/runbook/step';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

const RUN_ID = 'runbooks:run-id';

/** Tags that say which run and step made a resource; set in the creating call itself [A §6]. */
export function ownerTags(context: StepContext): Tag[] {
  return [
    { Key: 'runbooks:instance', Value: context.instance },
    { Key: 'runbooks:run', Value: context.run.workflowId },
    { Key: RUN_ID, Value: context.run.firstRunId },
    { Key: 'runbooks:step', Value: context.step },
  ];
}

/** Whether a resource was made, or taken over, by this run; not by one that had the same workflow id before. */
export function isOurs(tags: readonly TagLike[] | undefined, context: StepContext): boolean {
  const { workflowId, firstRunId } = context.run;
  return tagValue(tags, 'runbooks:run') === workflowId && tagValue(tags, RUN_ID) === firstRunId;
}

export interface TagLike {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

export function tagValue(tags: readonly TagLike[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.Key === key)?.Value;
}

/**
 * The same 32 hex digits for the same run, step and parts, whatever the attempt: client tokens and names that a
 * repeated run finds again.
 */
export function stableToken(context: StepContext, ...parts: readonly string[]): string {
  return createHash('sha256')
    .update([context.run.workflowId, context.run.firstRunId, context.step, ...parts].join('\n'))
    .digest('hex')
    .slice(0, 32);
}
