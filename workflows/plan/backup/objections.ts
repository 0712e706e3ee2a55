import type { Place } from './manifest';
import { placeKey, placeName } from './restore-point';
import type { PointMember, RestorePoint } from './restore-point';

/** A restore point as it was when its deletion was decided. */
export interface Doomed {
  readonly backup: string;
  readonly place: Place;
  readonly capturedAt: string;
  readonly members: readonly PointMember[];
  readonly orphan: boolean;
  readonly anchors: readonly string[];
  /** Workflow id of the run that deletes it: what it has begun it may finish. */
  readonly run: string;
}

/**
 * Why a restore point must not be deleted although that was decided; empty = nothing stands against it. Asked right
 * before the deletion.
 * @param decidedAt ISO 8601; a verification after it is news
 * @param points of this backup and of its anchors, as they are now
 * @param silent what did not answer
 */
export function objections(
  doomed: Doomed,
  points: readonly RestorePoint[],
  silent: readonly string[],
  decidedAt: string,
): readonly string[] {
  const here = points.filter(({ place }) => placeKey(place) === placeKey(doomed.place));
  const now = here.find(({ backup }) => backup === doomed.backup);
  return [
    ...silent.map((what) => `not everything can be seen: ${what}`),
    ...doomed.anchors
      .filter((anchor) => !here.some(({ backup, state }) => backup === anchor && state === 'complete'))
      .map((anchor) => `${anchor}, which is kept instead, is not complete in ${placeName(doomed.place)}`),
    ...(now === undefined ? [] : objectionsTo(doomed, now, decidedAt)),
  ];
}

function objectionsTo(doomed: Doomed, now: RestorePoint, decidedAt: string): readonly string[] {
  const { verification } = now;
  const expected: readonly string[] = doomed.orphan ? ['orphan', 'deleting'] : ['complete', 'deleting'];
  // Gone altogether: there is nothing left to protect, only to record.
  const gone = now.members.every(({ status }) => status === 'missing');
  const strange = now.members.filter(({ id }) => !doomed.members.some((member) => member.id === id));
  return [
    ...now.locks,
    ...now.uses.filter((use) => !use.endsWith(` ${doomed.run}`)),
    ...(gone || expected.includes(now.state) ? [] : [[`it is ${now.state} now`, ...now.detail].join(', ')]),
    ...(now.capturedAt === doomed.capturedAt || now.state === 'deleting'
      ? []
      : [`it holds another instant now: ${now.capturedAt}`]),
    ...(verification !== null && verification.at > decidedAt
      ? [`its verification ${verification.result} meanwhile`]
      : []),
    ...strange.map(({ id }) => `${id} was no part of it before`),
  ];
}
