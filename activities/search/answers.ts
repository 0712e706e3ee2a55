import { z } from 'zod';

/** Shapes of a search server's answers (OpenSearch, Elasticsearch), as far as they are used; other members are ignored. */

/** A refusal: a type that can be told apart, and words for people. */
export const refusalBody = z.object({
  error: z.object({ type: z.string().nullish(), reason: z.string().nullish() }),
});

const snapshot = z
  .object({
    snapshot: z.string(),
    state: z.string(),
    indices: z.array(z.string()).nullish(),
    start_time_in_millis: z.number(),
    shards: z.object({ total: z.number() }).nullish(),
    failures: z.array(z.unknown()).nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
  })
  .transform((found) => ({
    name: found.snapshot,
    state: found.state,
    indices: found.indices ?? [],
    startedAt: new Date(found.start_time_in_millis).toISOString(),
    shards: found.shards?.total ?? 0,
    failures: (found.failures ?? []).map(sayFailure),
    metadata: found.metadata ?? {},
  }));

export const snapshotsBody = z.object({ snapshots: z.array(snapshot) });

export const countBody = z.object({ count: z.number() });

/** By the name of the index itself, also where an alias was asked for. */
export const settingsBody = z.record(
  z.string(),
  z.object({ settings: z.object({ 'index.uuid': z.string() }) }),
);

/** How each copy of each shard came to where it is. */
export const recoveryBody = z.record(
  z.string(),
  z.object({
    shards: z.array(
      z.object({
        id: z.number(),
        type: z.string(),
        stage: z.string(),
        primary: z.boolean(),
        source: z.object({ repository: z.string().nullish(), snapshot: z.string().nullish() }).nullish(),
      }),
    ),
  }),
);

/** `prirep` is `p` for the copy that is written to. */
export const shardsBody = z.array(
  z.object({
    shard: z.string(),
    prirep: z.string(),
    state: z.string(),
    'unassigned.reason': z.string().nullish(),
  }),
);

/** For answers of which only the status matters. */
export const anything = z.unknown();

export type StoredSnapshot = z.output<typeof snapshot>;
export type ShardRecovery = z.output<typeof recoveryBody>[string]['shards'][number];
export type Shard = z.output<typeof shardsBody>[number];

function sayFailure(failure: unknown): string {
  const parsed = z.object({ index: z.string().nullish(), reason: z.string() }).safeParse(failure);
  if (!parsed.success) return JSON.stringify(failure).slice(0, 200);
  return `${parsed.data.index ?? 'a shard'}: ${parsed.data.reason}`.slice(0, 200);
}
