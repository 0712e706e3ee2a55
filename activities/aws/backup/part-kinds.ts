import type { Member, PartKind, Place } from '../../../workflows/plan/backup/manifest';
import type { FoundSnapshot } from '../../../workflows/plan/backup/restore-point';
import type { PlannedCall } from '../../../workflows/runbook/step';
import type { CapturedMember } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { recall, remember } from '../../runbook/call-scope';
import { mayBeStale } from '../pace';
import { clusterSnapshots } from '../rds/cluster-snapshots';
import { instanceSnapshots } from '../rds/instance-snapshots';
import { databasePart } from './database-part';
import { ebsPart } from './ebs-part';
import type { MemberState, PartKindActs } from './part-kind';

/** The other half of `workflows/procedures/part-kinds.ts`: what is done for a member, by its kind. */
const PART_KINDS: Readonly<Partial<Record<PartKind, PartKindActs>>> = {
  ebs: ebsPart,
  rds: databasePart(instanceSnapshots),
  aurora: databasePart(clusterSnapshots),
};

/** @throws Terminal for a kind that this version cannot handle, e.g. of a manifest that a later one wrote */
export function partKind(kind: PartKind): PartKindActs {
  const acts = PART_KINDS[kind];
  if (acts === undefined) throw terminal(`this version cannot handle members of the kind ${kind}.`);
  return acts;
}

/** IAM actions of all kinds for one purpose. */
export function actionsOf(purpose: keyof PartKindActs['actions']): readonly string[] {
  return Object.values(PART_KINDS).flatMap((acts) => acts.actions[purpose]);
}

/** A planned call for a member of a kind. */
export function memberCall(
  kind: PartKind,
  purpose: keyof PartKindActs['calls'],
  { region, target }: { readonly region: string; readonly target: string },
  parameters?: PlannedCall['parameters'],
): PlannedCall {
  const { service, calls } = partKind(kind);
  return { service, action: calls[purpose], region, target, ...(parameters ? { parameters } : {}) };
}

/** Snapshots of an instance in a place, of all kinds. @param backups undefined: of all */
export async function listMembers(
  dependencies: Dependencies,
  place: Place,
  instance: string,
  backups: readonly string[] | undefined,
): Promise<readonly FoundSnapshot[]> {
  const found = await Promise.all(
    Object.values(PART_KINDS).map((acts) => acts.list(dependencies, place, instance, backups)),
  );
  return found.flat();
}

/** So many looks in a row that do not find a snapshot make it gone: one may be a slip of AWS. */
const MISSES = 3;

/** A wait for what somebody has deleted would last for hours, and keep the next backups waiting. */
function goneOrNotYet({ name, id }: CapturedMember, seen: MemberState): MemberState {
  const note = `looks without ${id}`;
  if (seen.state !== 'missing') {
    remember(note, undefined);
    return seen;
  }
  const misses = Number(recall(note) ?? 0) + 1;
  remember(note, misses);
  return misses < MISSES || mayBeStale()
    ? { state: 'pending', progress: seen.progress }
    : { state: 'failed', reason: `${name} ${id} is gone: somebody has deleted it` };
}

/** All members at one look: complete together, or why not. */
export async function lookAtMembers(
  dependencies: Dependencies,
  region: string,
  members: readonly CapturedMember[],
): Promise<{
  readonly complete: readonly Member[] | null;
  readonly account: string;
  readonly pending: readonly string[];
  /** Reasons by the member's id. */
  readonly failed: Readonly<Record<string, string>>;
}> {
  const states: readonly MemberState[] = await Promise.all(
    members.map(async (member) =>
      goneOrNotYet(member, await partKind(member.kind).look(dependencies, region, member)),
    ),
  );
  const complete = states.flatMap((state) => (state.state === 'complete' ? [state] : []));
  return {
    complete: complete.length === members.length ? complete.map(({ member }) => member) : null,
    account: complete.map(({ account }) => account).find((account) => account !== '') ?? '',
    pending: states.flatMap((state) => (state.state === 'pending' ? [state.progress] : [])),
    failed: Object.fromEntries(
      states.flatMap((state, at) =>
        state.state === 'failed' ? [[members[at]?.id ?? '', state.reason]] : [],
      ),
    ),
  };
}
