import type { Problem } from '../runbook/step';
import type { HomeCopy } from '../steps/list-home-copies';

/** A complete set of volumes captured at one instant. */
export interface HomeCopySet {
  readonly backup: string;
  readonly capturedAt: string;
  /** By volume name. */
  readonly snapshots: Readonly<Record<string, string>>;
}

export type HomeChoice =
  | {
      readonly chosen: HomeCopySet;
      readonly passedOver: readonly string[];
      /** What people must know before it is used. */
      readonly problems: readonly Problem[];
    }
  | { readonly chosen: null; readonly problem: Problem };

/**
 * The newest set that has a completed snapshot of every volume that the home consists of, by the standby's estate and
 * by the set's own tag, and that has not failed a verification. Newer sets that lack something, or have failed, are named:
 * they cost data. Where all have failed the newest is taken, for a failover without a copy would be worse, and people are
 * asked about it.
 */
export function chooseHomeCopy(copies: readonly HomeCopy[], volumes: readonly string[]): HomeChoice {
  const sets = [...group(copies)].sort(([, left], [, right]) =>
    capturedAt(right).localeCompare(capturedAt(left)),
  );
  const passedOver: string[] = [];
  let doubtful: {
    readonly set: HomeCopySet;
    readonly failedAt: string;
    readonly newer: readonly string[];
  } | null = null;
  for (const [backup, members] of sets) {
    const at = capturedAt(members);
    const lacking = lacks(members, volumes);
    if (lacking.length > 0) {
      passedOver.push(`${backup} of ${at}: ${lacking.join(', ')}`);
      continue;
    }
    const used = usedOf(members);
    const snapshots = Object.fromEntries(used.map((copy) => [copy.volume, copy.snapshotId]));
    const set = { backup, capturedAt: at, snapshots };
    const failedAt = members.map((copy) => copy.failedVerificationAt).find((time) => time !== undefined);
    if (failedAt === undefined) return { chosen: set, passedOver, problems: [] };
    doubtful ??= { set, failedAt, newer: [...passedOver] };
    passedOver.push(`${backup} of ${at}: failed its verification at ${failedAt}`);
  }
  if (doubtful === null) return { chosen: null, problem: noCopy(passedOver) };
  const { set, failedAt, newer } = doubtful;
  return { chosen: set, passedOver: newer, problems: [allHaveFailed(set, failedAt)] };
}

function allHaveFailed({ backup, capturedAt: at }: HomeCopySet, failedAt: string): Problem {
  return {
    code: 'homeCopyFailedVerification',
    message: `Every complete copy of the home has failed its verification. The newest is ${backup} of ${at}; it failed at ${failedAt}.`,
    remedy:
      'Look what was found (runbooks backups show), and bring a better copy to this region if there is one. Or consent: the ' +
      'home comes up as that copy holds it.',
    consent: 'dataLoss',
  };
}

function noCopy(passedOver: readonly string[]): Problem {
  return passedOver.length === 0
    ? {
        code: 'noHomeCopy',
        message: 'There is no copy of the shared home in the standby region.',
        remedy:
          'Without one nothing can be started there. Look for snapshots without the tag runbooks:instance.',
      }
    : {
        code: 'incompletePair',
        message: `No copy of the shared home is complete: ${passedOver.join('; ')}.`,
        remedy: 'Wait for a pending copy, or find the missing volumes.',
      };
}

function group(copies: readonly HomeCopy[]): ReadonlyMap<string, readonly HomeCopy[]> {
  const sets = new Map<string, HomeCopy[]>();
  for (const copy of copies) sets.set(copy.backup, [...(sets.get(copy.backup) ?? []), copy]);
  return sets;
}

/** The oldest instant counts: that is what the set is worth. */
function capturedAt(members: readonly HomeCopy[]): string {
  const used = usedOf(members);
  const counted = used.length > 0 ? used : members;
  return counted.map((copy) => copy.capturedAt).sort()[0] ?? '';
}

/**
 * Of each volume the newest completed snapshot. There may be more than one: a copy has no key of its own [A §6], so that a
 * lost answer leaves another. EC2 lists them in any order; among equals the id decides, and every look decides alike.
 */
function usedOf(members: readonly HomeCopy[]): readonly HomeCopy[] {
  const byVolume = new Map<string, HomeCopy>();
  for (const copy of members) {
    const other = byVolume.get(copy.volume);
    if (copy.state === 'completed' && (other === undefined || orderOf(copy) > orderOf(other)))
      byVolume.set(copy.volume, copy);
  }
  return [...byVolume.values()];
}

function orderOf({ capturedAt: at, snapshotId }: HomeCopy): string {
  return `${at} ${snapshotId}`;
}

function lacks(members: readonly HomeCopy[], volumes: readonly string[]): readonly string[] {
  const wanted = [...new Set([...volumes, ...members.flatMap((copy) => copy.members)])].sort();
  return wanted.flatMap((volume) => {
    const copies = members.filter((copy) => copy.volume === volume);
    if (copies.length === 0) return [`${volume} is missing`];
    return copies.some((copy) => copy.state === 'completed')
      ? []
      : [`${volume} is ${copies[0]?.state ?? 'missing'}`];
  });
}
