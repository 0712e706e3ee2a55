import { z } from 'zod';

import type { BackupRecord, Manifest } from '../../../workflows/plan/backup/manifest';

const text = z.string().min(1);
const instant = z.iso.datetime({ offset: true });
const place = z.object({ site: text.nullable(), region: text, account: z.string() });
const run = z.object({ workflowId: text, runId: text });

const member = z.object({
  kind: z.literal(['ebs', 'rds', 'aurora', 'search']),
  name: text,
  id: text,
  arn: text.nullable(),
  capturedAt: instant,
  sizeGiB: z.number().nullable(),
  encrypted: z.boolean(),
  kmsKeyId: text.nullable(),
});

const manifest = z.object({
  format: z.literal(1),
  backup: text,
  instance: text,
  place,
  mode: z.literal(['zeroDowntime', 'locked']),
  consistency: z.literal(['frozen', 'crash']),
  capturedAt: instant,
  skewSeconds: z.number(),
  members: z.array(member).min(1),
  product: z.object({
    version: z.string().nullable(),
    projects: z.number().nullable(),
    repositories: z.number().nullable(),
  }),
  run,
  previous: z.object({ backup: text, sha256: text }).nullable(),
});

const common = { backup: text, at: instant, place };
const record = z.discriminatedUnion('record', [
  z.object({
    record: z.literal('copy'),
    ...common,
    members: z.array(member).min(1),
    lockedUntil: instant.nullable(),
  }),
  z.object({
    record: z.literal('verification'),
    ...common,
    result: z.literal(['passed', 'failed']),
    durationSeconds: z.number(),
    checks: z.array(z.object({ name: text, passed: z.boolean(), detail: z.string() })),
    measured: z.record(z.string(), z.number()).optional(),
    run,
  }),
  z.object({ record: z.literal('deletion'), ...common, reason: z.string(), run }),
  z.object({
    record: z.literal('search'),
    ...common,
    snapshot: z.object({
      name: text,
      repository: text,
      index: text,
      capturedAt: instant,
      shards: z.number(),
      documents: z.number().nullable(),
    }),
    run,
  }),
]);

/** @throws Error in plain words when the text is no manifest of this backup */
export function parseManifest(given: string, instance: string, backup: string): Manifest {
  const parsed = parse(manifest, given);
  if (parsed.instance !== instance || parsed.backup !== backup)
    throw new Error(`tells of ${parsed.backup} of ${parsed.instance}`);
  return parsed;
}

/** @throws Error in plain words when the text is no record of this backup */
export function parseRecord(given: string, backup: string): BackupRecord {
  const parsed = parse(record, given);
  if (parsed.backup !== backup) throw new Error(`tells of ${parsed.backup}`);
  return { ...parsed, at: new Date(parsed.at).toISOString() };
}

function parse<S extends z.ZodType>(schema: S, given: string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    throw new Error('is no JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not understood'}`);
}
