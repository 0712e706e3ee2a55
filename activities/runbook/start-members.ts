import { z } from 'zod';
import { duration } from '../../estate/duration';
import { ESTATE } from '../../workflows/plan/fleet/estate';

const instantSchema = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-21T03:12:00Z' });

/** What every runbook accepts. */
export const commonMembers = {
  dryRun: z.boolean().default(false),
  reason: z.string().optional(),
  requestedBy: z.string().min(1).optional(),
  trigger: z.string().min(1).default('manual'),
  incidentStartedAt: instantSchema.optional(),
  breakGlass: z.string().trim().min(1, 'is empty: say why the change freeze is broken').optional(),
};

/** What is accepted by a runbook that is started for one instance. */
export const instanceMembers = {
  instance: z.string({ error: 'is missing: name an instance of the estate' }).min(1),
  whenBusy: z.literal(['refuse', 'wait'], { error: 'must be refuse or wait' }).optional(),
};

const names = z
  .array(z.string().min(1), { error: 'must be a list of names or patterns, e.g. ["bitbucket-*"]' })
  .min(1, 'is empty: leave it out to mean all, or name some');

const THRESHOLD = 'must be a number of instances, 0 or more, or a share from "0%" to "100%"';

/** What is accepted by one that is started for many. */
export const estateMembers = {
  instance: z
    .literal(ESTATE, { error: 'is for runbooks of one instance: write "instances": […]' })
    .optional(),
  instances: names.optional(),
  except: names.optional(),
  concurrency: z
    .int('must be a whole number from 1 to 1000')
    .min(1, 'must be a whole number from 1 to 1000')
    .max(1000, 'must be a whole number from 1 to 1000')
    .optional(),
  errorThreshold: z
    .union([z.int(THRESHOLD).min(0, THRESHOLD), z.string().regex(/^(100|\d{1,2})%$/, THRESHOLD)], {
      error: THRESHOLD,
    })
    .optional(),
  whenBusy: z.literal(['skip', 'wait'], { error: 'must be skip or wait' }).optional(),
};

/** What each runbook accepts besides. A runbook that is not listed here takes no members of its own. */
export const ownMembers: Readonly<Record<string, z.ZodRawShape>> = {
  backup: { mode: z.literal(['zeroDowntime', 'locked']).optional() },
  backupFleet: { mode: z.literal(['zeroDowntime', 'locked']).optional() },
  drFailover: { target: z.string().min(1).optional() },
  fetchBackup: {
    backup: z.string({ error: 'is missing: name the backup' }).min(1),
    from: z.string().min(1).optional(),
  },
  pruneBackups: {
    removeOrphans: z.boolean().optional(),
    atMost: z.int().min(1).max(60).optional(),
  },
  restore: {
    backup: z.string().min(1).optional(),
    site: z.string().min(1).optional(),
    confirm: z.string().min(1).optional(),
    mode: z.literal(['inPlace']).optional(),
  },
  restoreBeside: {
    backup: z.string().min(1).optional(),
    keep: duration.refine((seconds) => seconds > 0, 'must be longer than nothing').optional(),
  },
  verifyBackup: {
    backup: z.string().min(1).optional(),
    pick: z.literal(['newest', 'oldest', 'random']).optional(),
  },
  fenceLostSite: { site: z.string({ error: 'is missing: name the site that was lost' }).min(1) },
};
