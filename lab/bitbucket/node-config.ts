import { readFileSync } from 'node:fs';
import { z } from 'zod';

const user = z.strictObject({ username: z.string().min(1), password: z.string().min(1) });

const schema = z.strictObject({
  nodeId: z.string().min(1),
  address: z.string().min(1),
  port: z.number().int().default(7990),
  cluster: z.string().min(1),
  sharedHome: z.string().startsWith('/'),
  exportFile: z.string().startsWith('/'),
  exportPath: z.string().startsWith('/'),
  database: z.strictObject({
    host: z.string().min(1),
    port: z.number().int(),
    name: z.string().min(1),
    user: z.string().min(1),
    password: z.string(),
  }),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  startupSeconds: z.number().min(0),
  administrator: user,
  probeUser: user,
  violationsFile: z.string().startsWith('/'),
  faultsFile: z.string().startsWith('/').optional(),
  stackProperties: z.string().optional(),
  drainSeconds: z.number().min(0).default(4),
  indexingSeconds: z.number().min(0).default(5),
  upgradeTaskSeconds: z.number().min(0).default(3),
  integrityCheckSeconds: z.number().min(0).default(3),
  heartbeatSeconds: z.number().positive().default(1),
  calendarFile: z.string().startsWith('/').optional(),
});

/** One node of the Bitbucket simulator. All durations are REAL seconds. */
export type NodeConfig = z.input<typeof schema>;

/**
 * The same with every default filled in.
 *
 * - `cluster`: the stack's name; two different names alive on one home are a violation [B §1 invariant 1].
 * - `exportFile`: lists the exported directories, first word of each line; the home is usable only while `exportPath`
 *   is among them.
 * - `stackProperties`: the stack's BitbucketProperties. When given, bitbucket.properties is rendered anew from it at
 *   boot, as the automation of the Quick Start does [B §9.3]; when absent the file is left as it is.
 * - `faultsFile`: what goes wrong on purpose with answers; see `answer-faults.ts`.
 * - `calendarFile`: pushes are recorded with the time of this `Calendar`; real time when absent.
 */
export type CompleteNodeConfig = z.output<typeof schema>;

/** @throws ZodError naming the wrong members */
export function completeNodeConfig(config: NodeConfig): CompleteNodeConfig {
  return Object.freeze(schema.parse(config));
}

/** Reads a configuration file written by `startNode`. */
export function readNodeConfig(path: string): CompleteNodeConfig {
  return Object.freeze(schema.parse(JSON.parse(readFileSync(path, 'utf8'))));
}
