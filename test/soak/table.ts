import { table } from '../../client/render/table';
import type { Colors } from '../../client/terminal';
import type { SoakResult } from './result';

/** What a soak found, for people. */
export function renderSoak(result: SoakResult, colors: Colors): string {
  const { kept, deleted, failover, restore, problems } = result;
  const rows: readonly Row[] = [
    ['emulated', `${result.days} days, ${result.from} to ${result.to}`],
    ['backups', `${result.succeeded} of ${result.backups} succeeded`],
    ['longest gap', `${result.longestGapSeconds} s between two captures`],
    ['prunes', `${result.prunes}; ${deleted.primary} and ${deleted.standby} restore points deleted`],
    ['kept', `${kept.primary} at the primary, ${kept.standby} at the standby`],
    ['as reckoned', result.keptAsExpected ? 'yes, after every prune' : 'no'],
    ['trials', `${result.trials}`],
    ['manifests', result.chainUnbroken ? 'each names the one before' : 'the chain is broken'],
    ...(failover === null ? [] : sayFailover(failover)),
    ...(restore === null ? [] : sayRestore(restore)),
    ['longest history', `${result.longestHistory} events`],
    [
      'worker',
      `${result.workerMebibytes.first} MiB in the first hour, ${result.workerMebibytes.last} in the last`,
    ],
    ['took', `${result.seconds} s`],
    ['', problems.length === 0 ? colors.green('passed') : colors.red(`${problems.length} problems`)],
    ...problems.map((line) => ['', colors.red(line)] as const),
  ];
  return `\n${table(['what', 'found'], rows, { dim: colors.dim })}\n`;
}

type Row = readonly [what: string, found: string];

function sayFailover(failover: NonNullable<SoakResult['failover']>): readonly Row[] {
  const { outcome, rtoSeconds, rpoSeconds, newest } = failover;
  const { acknowledgedBefore, lostBeforeCopy, lostAfterCopy } = failover;
  return [
    [
      'failover',
      `${outcome ?? 'no end'}, ${rtoSeconds} s, ${newest ? 'the newest copy' : 'NOT the newest copy'}`,
    ],
    ['', `${lostBeforeCopy} of ${acknowledgedBefore} pushes before the copy lost`],
    ['', `${lostAfterCopy} pushes of the ${rpoSeconds} s after it given up`],
  ];
}

function sayRestore(restore: NonNullable<SoakResult['restore']>): readonly Row[] {
  const { outcome, rtoSeconds, capturedAt } = restore;
  const { acknowledgedBefore, missing, acknowledgedAfter, surviving } = restore;
  return [
    ['restore', `${outcome ?? 'no end'}, ${rtoSeconds} s, to ${capturedAt}`],
    ['', `${missing} of ${acknowledgedBefore} pushes before it missing`],
    ['', `${surviving} of ${acknowledgedAfter} pushes after it there`],
  ];
}
