import type { ReplicationFacts } from '../steps/observe-site';
import { IDLE_SECONDS, secondsBeforeIncident } from './data-loss';

/**
 * The replication of a standby in one line, for whoever approves: the lag alone is a figure from the time in which it
 * still worked.
 */
export function describeReplication(
  o: ReplicationFacts & {
    readonly incidentStartedAt: string;
    /** RDS answered about the database that the standby follows. */
    readonly isSourceSeen: boolean;
  },
): string {
  const { status, message, lastReplayedAt, incidentStartedAt, isSourceSeen } = o;
  const seconds = lastReplayedAt === null ? null : secondsBeforeIncident(lastReplayedAt, incidentStartedAt);
  const hasStood = seconds !== null && seconds > IDLE_SECONDS;
  if (status === 'replicating' && !hasStood) return status;
  return [
    `${status ?? 'no status told'}${message === null ? '' : ` (${message.replace(/\.$/, '')})`}`,
    lastReplayedAt === null || seconds === null
      ? 'last replayed commit unknown'
      : `last replayed commit ${lastReplayedAt}, ${whenSeen(seconds, hasStood)}`,
    ...(isSourceSeen ? [] : ['whether the source still commits cannot be seen']),
  ].join('; ');
}

function whenSeen(seconds: number, hasStood: boolean): string {
  if (seconds < 0) return 'after the incident began';
  const long = hasStood ? ', longer than an idle source explains' : '';
  return `${Math.round(seconds)} s before the incident${long}`;
}
