import type { LedgerEntry } from '../gateway/ledger';

/** What a fence consists of; repeating it on a fenced site is no change. */
const FENCING = new Set([
  'SuspendProcesses',
  'RevokeSecurityGroupIngress',
  'DisableAlarmActions',
  'DeregisterInstancesFromLoadBalancer',
  'DetachLoadBalancers',
  'TerminateInstances',
  'TerminateInstanceInAutoScalingGroup',
  // Writes down what was there before: changes how nothing works.
  'CreateTags',
  'CreateOrUpdateTags',
  // Withdrawing the export is a command on the file server.
  'SendCommand',
  'CancelCommand',
]);

export interface RegionPair {
  readonly one: string;
  readonly other: string;
}

/**
 * Calls that changed something in a region after the replica in the other region had been promoted, other than the
 * fence itself. From then on anything else could bring the lost site back to life.
 */
export function callsToFencedSite(
  entries: readonly LedgerEntry[],
  { one, other }: RegionPair,
  isLabs: (entry: LedgerEntry) => boolean,
): readonly string[] {
  const found: string[] = [];
  let fenced: string | undefined;
  for (const entry of entries) {
    const took = entry.applied && entry.errorCode === null;
    if (entry.region === fenced && entry.mutating && took && !isFencing(entry) && !isLabs(entry)) {
      found.push(`${entry.service} ${entry.action} in ${entry.region} after it had been fenced`);
    }
    if (took && entry.action === 'PromoteReadReplica') fenced = entry.region === one ? other : one;
  }
  return found;
}

function isFencing(entry: LedgerEntry): boolean {
  if (FENCING.has(entry.action)) return true;
  if (entry.action === 'UpdateAutoScalingGroup') return Number(entry.parameters.MaxSize ?? 1) === 0;
  if (entry.action === 'SetDesiredCapacity') return Number(entry.parameters.DesiredCapacity ?? 1) === 0;
  return false;
}

/** One thing that carries the tags of the run and of the step that made it. */
export interface MadeByRun {
  readonly kind: string;
  readonly id: string;
  readonly region: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Things of the same kind made by the same step of the same run, and the same member of a set. */
export function madeTwice(things: readonly MadeByRun[]): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const { kind, id, region, tags } of things) {
    const run = tags['runbooks:run'];
    const step = tags['runbooks:step'];
    if (run === undefined || step === undefined) continue;
    const key = [`${kind} of ${step} of ${run} in ${region}`, tags['runbooks:volume'] ?? ''].join(' ').trim();
    groups.set(key, [...(groups.get(key) ?? []), id]);
  }
  return [...groups].filter(([, ids]) => ids.length > 1).map(([what, ids]) => `${what}: ${ids.join(', ')}`);
}
