import { z } from 'zod';

/** Shapes of Bitbucket's answers, as far as they are used; unknown members are ignored [B §4, §7, §8]. */

export const statusBody = z.object({ state: z.string().regex(/^[A-Z][A-Z_]*$/) });

export const errorBody = z.object({
  errors: z.array(z.object({ message: z.string().nullish(), exceptionName: z.string().nullish() })),
});

export const applicationPropertiesBody = z.object({
  version: z.string(),
  buildNumber: z.string().optional(),
  displayName: z.string().optional(),
});

/** Newer versions say `address.address`, older ones `address.hostName` [B §4]. */
const clusterNode = z
  .object({
    id: z.string(),
    name: z.string().optional(),
    address: z
      .object({
        address: z.string().optional(),
        hostName: z.string().optional(),
        port: z.number().optional(),
      })
      .optional(),
    buildVersion: z.string().optional(),
  })
  .transform((node) => ({
    id: node.id,
    name: node.name ?? node.id,
    address: node.address?.address ?? node.address?.hostName ?? null,
    version: node.buildVersion ?? null,
  }));

export const clusterBody = z
  .object({ localNode: clusterNode, nodes: z.array(clusterNode), running: z.boolean().optional() })
  .transform((cluster) => ({
    localId: cluster.localNode.id,
    nodes: cluster.nodes,
    running: cluster.running ?? true,
  }));

export const licenseBody = z
  .object({
    expiryDate: z.number().nullish(),
    daysBeforeExpiry: z.number().nullish(),
    maximumNumberOfUsers: z.number().nullish(),
    unlimitedNumberOfUsers: z.boolean().nullish(),
    status: z.object({ currentNumberOfUsers: z.number().nullish() }).nullish(),
  })
  .transform((license) => ({
    expiresAt: dateOf(license.expiryDate),
    daysLeft: license.daysBeforeExpiry ?? null,
    users: license.status?.currentNumberOfUsers ?? null,
    usersAllowed: license.unlimitedNumberOfUsers === true ? null : (license.maximumNumberOfUsers ?? null),
  }));

export const indexingBody = z.object({ status: z.string() });

export const mirrorServer = z
  .object({
    id: z.string(),
    name: z.string(),
    baseUrl: z.string().nullish(),
    enabled: z.boolean(),
    lastSeenDate: z.union([z.number(), z.string()]).nullish(),
    mirrorType: z.string().nullish(),
    productVersion: z.string().nullish(),
  })
  .transform((mirror) => ({
    id: mirror.id,
    name: mirror.name,
    url: mirror.baseUrl ?? null,
    enabled: mirror.enabled,
    lastSeenAt: dateOf(mirror.lastSeenDate),
  }));

export const projectBody = z.object({ key: z.string() });

/** `id` is the full ref name, `refs/heads/…`. */
export const branchBody = z.object({ id: z.string() });

/** For what is only counted. */
export const anything = z.unknown();

/** A list, or a page of one. */
export const meshNodesBody = z
  .union([z.array(z.unknown()), z.object({ values: z.array(z.unknown()) })])
  .transform((body) => (Array.isArray(body) ? body : body.values));

/** Scripts have been seen to go on with the text "null" [B §6]. */
export const lockBody = z.object({
  unlockToken: z
    .string()
    .regex(/\S/)
    .refine((token) => token !== 'null', 'is the word null'),
});

export const lockOwnerBody = z
  .object({ owner: z.object({ name: z.string().nullish() }).nullish() })
  .transform((lock) => ({ owner: lock.owner?.name ?? null }));

export const backupBody = z.object({ cancelToken: z.string().min(1) });

export const maintenanceBody = z
  .object({
    task: z.object({ state: z.string() }).nullish(),
    'db-state': z.string().nullish(),
    'scm-state': z.string().nullish(),
  })
  .transform((body) => ({
    task: body.task?.state ?? null,
    database: body['db-state'] ?? 'unknown',
    git: body['scm-state'] ?? 'unknown',
  }));

/** One page of a list; the next page starts where the answer says, never at start + limit [B §3]. */
export function pageOf<T>(values: z.ZodType<T>) {
  return z.object({
    values: z.array(values),
    isLastPage: z.boolean(),
    nextPageStart: z.number().nullish(),
  });
}

export type ApplicationProperties = z.infer<typeof applicationPropertiesBody>;
export type Cluster = z.infer<typeof clusterBody>;
export type License = z.infer<typeof licenseBody>;
export type MaintenanceOwner = z.infer<typeof lockOwnerBody>;
export type MaintenanceState = z.infer<typeof maintenanceBody>;
export type MirrorServer = z.infer<typeof mirrorServer>;

function dateOf(value: number | string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
