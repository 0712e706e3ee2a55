import { TAGS } from './manifest';
import type { BackupRecord, CopyRecord, Manifest, Member, PartKind, Place } from './manifest';
import { periodsOf } from './periods';
import { placeKey, placeName } from './restore-point';
import type { FoundSnapshot, PointMember, RestorePoint, RestorePointState } from './restore-point';

/** Kinds of members that are looked for; with any other a restore point cannot be judged. */
const KINDS: readonly PartKind[] = ['ebs', 'rds', 'aurora'];

/** What the store holds of one backup. */
export interface StoredBackup {
  readonly backup: string;
  /** Null: none, or none that could be read. */
  readonly manifest: Manifest | null;
  /** Of the manifest's bytes, in hex. */
  readonly sha256: string | null;
  /** When the manifest was written, which is when the backup was complete; ISO 8601. */
  readonly writtenAt: string | null;
  readonly records: readonly BackupRecord[];
  /** Objects that could not be read, and why: with one of these nobody knows what holds. */
  readonly unreadable: readonly string[];
}

/** A run that needs backups; `backup` null = any of them. */
export interface OpenUse {
  readonly workflowId: string;
  readonly backup: string | null;
}

export interface CatalogueInput {
  /** Places that were looked at. */
  readonly places: readonly Place[];
  readonly snapshots: readonly FoundSnapshot[];
  /** Null: the store could not be read, and tags are all there is. */
  readonly stored: readonly StoredBackup[] | null;
  readonly uses: readonly OpenUse[];
  /** Workflow ids of runs that are still open, of those that tags name. */
  readonly openRuns: ReadonlySet<string>;
  /** For the calendar. */
  readonly timeZone: string;
}

export interface Catalogue {
  readonly points: readonly RestorePoint[];
  /** Snapshots that carry our tag and are no part of a restore point, with the reason. */
  readonly ignored: readonly string[];
  /** Places that records name and nobody looked at. */
  readonly unseen: readonly string[];
}

/** What is expected in a place, and who says so. */
interface Expected {
  readonly place: Place;
  readonly members: readonly Member[];
  readonly capturedAt: string;
  readonly since: string | null;
}

/** Makes restore points, one per backup and place, of the snapshots that exist and of what the store tells of them. */
export function makeCatalogue(input: CatalogueInput): Catalogue {
  const { places, snapshots } = input;
  const stored = input.stored ?? [];
  const looked = new Map(places.map((place) => [placeKey(place), place]));
  const ignored = snapshots.filter(({ tags }) => !tags[TAGS.backup]).map(describeForeign);
  const tagged = snapshots.filter(({ tags }) => Boolean(tags[TAGS.backup]));
  const keys = new Set<string>();
  const unseen = new Set<string>();
  for (const { tags, place } of tagged) keys.add(`${placeKey(place)} ${tags[TAGS.backup] ?? ''}`);
  for (const backup of stored) {
    for (const { place } of expectations(backup)) {
      if (looked.has(placeKey(place))) keys.add(`${placeKey(place)} ${backup.backup}`);
      else if (!isDeleted(backup, place)) unseen.add(placeName(place));
    }
  }
  const points: RestorePoint[] = [];
  for (const key of [...keys].sort()) {
    // The place has no space in it; a tag that somebody else has set may have.
    const [where = ''] = key.split(' ', 1);
    const backup = key.slice(where.length + 1);
    const place = looked.get(where);
    if (place === undefined) continue;
    const known = stored.find((one) => one.backup === backup);
    const found = tagged.filter((one) => one.tags[TAGS.backup] === backup && placeKey(one.place) === where);
    const made = makePoint(backup, place, known, found, input);
    if (made === null) continue;
    points.push(made.point);
    ignored.push(...made.ignored);
  }
  return { points, ignored, unseen: [...unseen].sort() };
}

function makePoint(
  backup: string,
  place: Place,
  stored: StoredBackup | undefined,
  found: readonly FoundSnapshot[],
  input: CatalogueInput,
): { readonly point: RestorePoint; readonly ignored: readonly string[] } | null {
  const expected =
    stored === undefined
      ? undefined
      : expectations(stored).findLast((one) => placeKey(one.place) === placeKey(place));
  if (found.length === 0 && (expected === undefined || (stored && isDeleted(stored, place)))) return null;
  const { state, detail } = judge(stored, place, expected, found, input);
  const capturedAt = instant(expected?.capturedAt ?? oldestOf(found));
  const timeless = capturedAt === null && state !== 'pending';
  const members =
    expected === undefined ? found.map(memberOf) : expected.members.map((one) => matched(one, found));
  const extras =
    expected === undefined
      ? []
      : found.filter(({ id }) => !expected.members.some((member) => member.id === id));
  const verification = stored?.records
    .filter((record) => record.record === 'verification')
    .filter((record) => placeKey(record.place) === placeKey(place))
    .sort((one, other) => one.at.localeCompare(other.at))
    .at(-1);
  const search = stored?.records
    .filter((record) => record.record === 'search')
    .findLast((record) => placeKey(record.place) === placeKey(place));
  const point: RestorePoint = {
    backup,
    place,
    capturedAt: capturedAt ?? '',
    periods: periodsOf(capturedAt ?? '1970-01-01T00:00:00.000Z', input.timeZone),
    since: instant(expected?.since ?? undefined),
    state: timeless ? 'unclear' : state,
    detail: timeless ? [...detail, 'nobody knows when it was captured'] : detail,
    members,
    sizeGiB: sum(found.map(({ sizeGiB }) => sizeGiB)),
    mode: stored?.manifest?.mode ?? null,
    consistency: stored?.manifest?.consistency ?? null,
    verification: verification === undefined ? null : { result: verification.result, at: verification.at },
    locks: locksOf(found),
    uses: usesOf(backup, place, found, input),
    ...(search === undefined ? {} : { search: search.snapshot }),
  };
  const ignored = extras.map(({ id }) => `${id}: a further snapshot of ${backup} in ${placeName(place)}`);
  return { point, ignored };
}

function judge(
  stored: StoredBackup | undefined,
  place: Place,
  expected: Expected | undefined,
  found: readonly FoundSnapshot[],
  { openRuns, stored: store }: CatalogueInput,
): { readonly state: RestorePointState; readonly detail: readonly string[] } {
  const unclear = [
    ...(stored?.unreadable ?? []),
    ...(expected?.members ?? [])
      .filter(({ kind }) => !KINDS.includes(kind))
      .map(({ name, kind }) => `${name} is of the kind ${kind}, which is not looked at yet`),
    ...found.filter(({ condition }) => condition === 'unclear').map(({ id, status }) => `${id} is ${status}`),
    ...changedManifest(stored, found),
  ];
  if (unclear.length > 0) return { state: 'unclear', detail: unclear };
  const leaving = found.filter(({ tags }) => tags[TAGS.deleting]);
  const back = found.filter(({ condition }) => condition !== 'leaving');
  // Whoever took it out of the recycle bin wants it.
  if (stored !== undefined && isDeleted(stored, place) && back.length > 0)
    return {
      state: 'unclear',
      detail: back.map(({ id }) => `${id} was deleted on purpose, and is there again`),
    };
  if (leaving.length > 0) return { state: 'deleting', detail: leaving.map(sayStatus) };
  const broken = found.filter(({ condition }) => condition === 'broken');
  const pending = found.filter(({ condition }) => condition === 'pending');
  if (expected === undefined) {
    const maker = found
      .map(({ tags }) => tags[TAGS.run])
      .find((run) => run !== undefined && openRuns.has(run));
    if (maker !== undefined) return { state: 'pending', detail: [`${maker} is at work on it`] };
    if (pending.length > 0) return { state: 'pending', detail: pending.map(sayStatus) };
    if (store === null) return judgeByTags(back);
    if (stored?.manifest) {
      return { state: 'orphan', detail: ['a copy that no record tells of', ...broken.map(sayStatus)] };
    }
    return found.some(({ tags }) => tags[TAGS.manifest])
      ? { state: 'unclear', detail: ['its manifest is not in the store'] }
      : { state: 'orphan', detail: ['no manifest was ever written', ...broken.map(sayStatus)] };
  }
  // What somebody else deletes is no deletion of ours that would have to be finished.
  const missing = expected.members.filter(({ id }) => !back.some((one) => one.id === id));
  const own = (one: FoundSnapshot): boolean => expected.members.some(({ id }) => id === one.id);
  const bad = broken.filter(own);
  if (bad.length > 0) return { state: 'broken', detail: bad.map(sayStatus) };
  if (missing.length > 0) return { state: 'incomplete', detail: missing.map(sayMissing(found)) };
  const underWay = pending.filter(own);
  return underWay.length > 0
    ? { state: 'pending', detail: underWay.map(sayStatus) }
    : { state: 'complete', detail: [] };
}

function sayMissing(found: readonly FoundSnapshot[]): (member: { name: string; id: string }) => string {
  return ({ name, id }) =>
    `${name} (${id}) is ${found.some((one) => one.id === id) ? 'being deleted by somebody else' : 'missing'}`;
}

/** Without the store: whole by its own tags, or nobody knows. */
function judgeByTags(found: readonly FoundSnapshot[]): {
  readonly state: RestorePointState;
  readonly detail: readonly string[];
} {
  const names = found.map(({ tags }) => tags[TAGS.volume]);
  const wanted = found.flatMap(({ tags }) => (tags[TAGS.members] ?? '').split(',').filter(Boolean));
  const whole =
    found.every(({ condition, tags }) => condition === 'complete' && tags[TAGS.manifest]) &&
    found.some(({ kind }) => kind !== 'ebs') &&
    wanted.length > 0 &&
    wanted.every((name) => names.includes(name));
  return whole
    ? { state: 'complete', detail: ['by its tags alone'] }
    : { state: 'unclear', detail: ['its tags alone do not prove it'] };
}

/** Every place where the store says that this backup is complete. */
function expectations({ manifest, records, writtenAt }: StoredBackup): readonly Expected[] {
  if (manifest === null) return [];
  const copies = records.filter((record): record is CopyRecord => record.record === 'copy');
  const { place, members, capturedAt } = manifest;
  return [
    { place, members, capturedAt, since: writtenAt },
    ...copies.map((copy) => ({ place: copy.place, members: copy.members, capturedAt, since: copy.at })),
  ];
}

/** Deleted there, and not copied there anew since. */
function isDeleted({ records }: StoredBackup, place: Place): boolean {
  const there = records
    .filter(({ record }) => record === 'copy' || record === 'deletion')
    .filter((record) => placeKey(record.place) === placeKey(place))
    .sort((one, other) => one.at.localeCompare(other.at));
  return there.at(-1)?.record === 'deletion';
}

function changedManifest(
  stored: StoredBackup | undefined,
  found: readonly FoundSnapshot[],
): readonly string[] {
  if (!stored?.manifest || stored.sha256 === null) return [];
  const wrong = found.filter(({ tags }) => (tags[TAGS.manifest] ?? stored.sha256) !== stored.sha256);
  return wrong.map(({ id }) => `${id} names another manifest than the one in the store`);
}

function locksOf(found: readonly FoundSnapshot[]): readonly string[] {
  return found.flatMap(({ id, lock, images }) => [
    ...(lock === null ? [] : [`${id} is locked ${lock}`]),
    ...images.map((image) => `${id} is used by the image ${image}`),
  ]);
}

function usesOf(
  backup: string,
  place: Place,
  found: readonly FoundSnapshot[],
  { snapshots, uses, openRuns }: CatalogueInput,
): readonly string[] {
  const copies = snapshots.filter(
    (one) =>
      one.tags[TAGS.backup] === backup &&
      placeKey(one.place) !== placeKey(place) &&
      one.condition === 'pending',
  );
  const users = found.map(({ tags }) => tags[TAGS.usedBy]).filter((run) => run !== undefined);
  return [
    ...new Set([
      ...copies.map((copy) => `being copied to ${placeName(copy.place)}`),
      ...users.filter((run) => openRuns.has(run)).map((run) => `in use by ${run}`),
      ...uses
        .filter((use) => use.backup === null || use.backup === backup)
        .map(({ workflowId }) => `in use by ${workflowId}`),
    ]),
  ];
}

function matched(member: Member, found: readonly FoundSnapshot[]): PointMember {
  const { kind, name, id } = member;
  return { kind, name, id, status: found.find((one) => one.id === id)?.status ?? 'missing' };
}

function memberOf({ kind, id, status, tags }: FoundSnapshot): PointMember {
  return { kind, name: tags[TAGS.volume] ?? kind, id, status };
}

function describeForeign({ id, place, tags }: FoundSnapshot): string {
  const run = tags[TAGS.run];
  const why = run === undefined ? `no ${TAGS.backup}` : `made by ${run}, part of no backup`;
  return `${id} in ${placeName(place)}: ${why}`;
}

function sayStatus({ id, status }: FoundSnapshot): string {
  return `${id} is ${status}`;
}

function oldestOf(found: readonly FoundSnapshot[]): string | undefined {
  const tagged = found.map(({ tags }) => tags[TAGS.capturedAt]).filter((at) => at !== undefined);
  const started = found.map(({ startedAt }) => startedAt).filter((at) => at !== null);
  return [...tagged].sort()[0] ?? [...started].sort()[0];
}

/** In the one form that sorts as text; null = no time. */
function instant(text: string | undefined): string | null {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function sum(sizes: readonly (number | null)[]): number | null {
  const known = sizes.filter((size) => size !== null);
  return known.length === 0 ? null : known.reduce((total, size) => total + size, 0);
}
