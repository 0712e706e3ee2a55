import { TAGS } from '../../../../workflows/plan/backup/manifest';
import type { CopyRecord, Manifest, Member, Place } from '../../../../workflows/plan/backup/manifest';
import { periodsOf } from '../../../../workflows/plan/backup/periods';
import type { FoundSnapshot, RestorePoint } from '../../../../workflows/plan/backup/restore-point';

export const HERE: Place = { site: 'primary', region: 'eu-central-1', account: '123456789012' };
export const THERE: Place = { site: 'standby', region: 'eu-west-1', account: '123456789012' };

export function point(capturedAt: string, more: Partial<RestorePoint> = {}, timeZone = 'UTC'): RestorePoint {
  const at = new Date(capturedAt).toISOString();
  return {
    backup: `bitbucket-${at.replace(/[-:]|\.\d+/g, '')}`,
    place: HERE,
    capturedAt: at,
    since: at,
    periods: periodsOf(at, timeZone),
    state: 'complete',
    detail: [],
    members: [],
    sizeGiB: 10,
    mode: 'zeroDowntime',
    consistency: 'frozen',
    verification: null,
    locks: [],
    uses: [],
    ...more,
  };
}

function member(kind: 'ebs' | 'rds', name: string, id: string): Member {
  return {
    kind,
    name,
    id,
    arn: null,
    capturedAt: '2026-11-20T10:00:00Z',
    sizeGiB: 5,
    encrypted: false,
    kmsKeyId: null,
  };
}

const MEMBERS = [member('ebs', 'home', 'snap-1'), member('rds', 'database', 'db-1')];

export function manifest(more: Partial<Manifest> = {}): Manifest {
  return {
    format: 1,
    backup: 'b-1',
    instance: 'bitbucket',
    place: HERE,
    mode: 'zeroDowntime',
    consistency: 'frozen',
    capturedAt: '2026-11-20T10:00:00Z',
    skewSeconds: 1,
    members: MEMBERS,
    product: { version: '9.4.1', projects: 1, repositories: 1 },
    run: { workflowId: 'backup/bitbucket/1', runId: '1' },
    previous: null,
    ...more,
  };
}

export function copyRecord(more: Partial<CopyRecord> = {}): CopyRecord {
  return {
    record: 'copy',
    backup: 'b-1',
    at: '2026-11-20T11:00:00Z',
    place: THERE,
    members: [member('ebs', 'home', 'snap-2'), member('rds', 'database', 'db-1')],
    lockedUntil: null,
    ...more,
  };
}

export function snapshot(
  kind: 'ebs' | 'rds',
  id: string,
  more: Partial<FoundSnapshot> = {},
  tags: Readonly<Record<string, string>> = {},
): FoundSnapshot {
  return {
    kind,
    place: HERE,
    id,
    arn: null,
    condition: 'complete',
    status: kind === 'ebs' ? 'completed' : 'available',
    sizeGiB: 5,
    startedAt: '2026-11-20T10:00:00Z',
    lock: null,
    images: [],
    ...more,
    tags: {
      [TAGS.instance]: 'bitbucket',
      [TAGS.backup]: 'b-1',
      [TAGS.volume]: kind === 'ebs' ? 'home' : 'database',
      [TAGS.capturedAt]: '2026-11-20T10:00:00Z',
      ...tags,
    },
  };
}
