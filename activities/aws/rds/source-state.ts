import { setTimeout as sleep } from 'node:timers/promises';

import type { DBInstance } from '@aws-sdk/client-rds';

import { locateSource } from '../../../workflows/plan/replica-source';
import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { observe } from '../observe';
import { acceptSilenceInPlan } from '../silence';
import { mayCommit, sourceOf, statusOf } from './database-status';
import { findDatabase } from './find-database';

/**
 * What is seen of a replica's source. `silent`: nobody answered, so that it is unknown and neither down nor fine.
 * `mayCommit` also after an answer that tells nothing (an error, a refusal): somebody is there.
 */
export type SourceState = 'mayCommit' | 'down' | 'silent';

/** Longest time that the question may take, seconds: it is asked while users wait for the failover. */
const ANSWERS_WITHIN_SECONDS = 5;

/** Asks RDS in the source's region. */
export async function lookAtSource(
  dependencies: Dependencies,
  region: string,
  replica: DBInstance,
  context: StepContext,
): Promise<SourceState> {
  const source = sourceOf(replica);
  if (source === null) return 'down';
  const place = locateSource(source, region);
  const look = () => acceptSilenceInPlan(context, () => findDatabase(dependencies, place.region, place.id));
  const answer = observe(look).then((found): SourceState => {
    if (found.state !== 'known') return found.state === 'unknown' ? 'mayCommit' : 'silent';
    return found.value !== undefined && mayCommit(statusOf(found.value)) ? 'mayCommit' : 'down';
  });
  const limit = new AbortController();
  const late = sleep(ANSWERS_WITHIN_SECONDS * 1000, 'silent' as const, { signal: limit.signal }).catch(
    () => 'silent' as const,
  );
  // Whoever loses the race must not fail on its own later.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    limit.abort();
  }
}
