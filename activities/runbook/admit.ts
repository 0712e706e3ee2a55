import { activityInfo, getClient } from '@temporalio/activity';
import { z } from 'zod';
import { nearest } from '../../estate/nearest';
import { pinInstance } from '../../estate/pin';
import type { PolicySettings } from '../../estate/policy';
import type { Estate } from '../../estate/schema';
import type { Instance } from '../../workflows/plan/instance';
import type { Settings } from '../../workflows/plan/settings';
import type { Admission } from '../../workflows/runbook/admission';
import { invalidInput } from '../errors';

const instantSchema = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-21T03:12:00Z' });

/** What every runbook accepts. */
const commonMembers = {
  instance: z.string({ error: 'is missing: name an instance of the estate' }).min(1),
  dryRun: z.boolean().default(false),
  reason: z.string().optional(),
  requestedBy: z.string().min(1).optional(),
  trigger: z.string().min(1).default('manual'),
  incidentStartedAt: instantSchema.optional(),
  breakGlass: z.string().trim().min(1, 'is empty: say why the change freeze is broken').optional(),
};

/** What each runbook accepts besides. A runbook that is not listed here takes no members of its own. */
const ownMembers: Readonly<Record<string, z.ZodRawShape>> = {
  backup: { mode: z.literal(['zeroDowntime', 'locked']).optional() },
  drFailover: { target: z.string().min(1).optional() },
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
  verifyBackup: {
    backup: z.string().min(1).optional(),
    pick: z.literal(['newest', 'oldest', 'random']).optional(),
  },
  fenceLostSite: { site: z.string({ error: 'is missing: name the site that was lost' }).min(1) },
};

export interface AdmitRequest {
  readonly runbook: string;
  readonly message: unknown;
}

/**
 * Parses the start message, resolves the instance from the estate as it is now, and answers what the run pins.
 * @throws InvalidInput with every problem of the message, in plain words
 */
export async function admit(
  loadEstate: () => Estate,
  { runbook, message }: AdmitRequest,
): Promise<Admission<unknown, Instance, Settings>> {
  const request = parseRequest(runbook, message);
  const { instance, dryRun, reason, requestedBy, trigger, incidentStartedAt, breakGlass, ...input } = request;
  let pinned: ReturnType<typeof pinInstance>;
  try {
    pinned = pinInstance(loadEstate(), instance);
  } catch (error) {
    throw invalidInput(error instanceof Error ? error.message : String(error));
  }
  if (incidentStartedAt !== undefined && Date.parse(incidentStartedAt) > Date.now() + 60_000) {
    throw invalidInput(`incidentStartedAt ${incidentStartedAt} is in the future`);
  }
  return {
    instance,
    dryRun,
    reason: reason ?? null,
    requestedBy: requestedBy ?? (await starterIdentity(pinned.people.map((person) => person.name))),
    trigger,
    incidentStartedAt: incidentStartedAt ?? null,
    freeze: findFreeze(pinned.policy.freezes, new Date()),
    breakGlass: breakGlass ?? null,
    input,
    subject: pinned.instance,
    people: pinned.people,
    policy: pinned.policy,
  };
}

/** The change freeze that is on; of several the one that lasts longest. */
function findFreeze(freezes: PolicySettings['freezes'], at: Date): { until: string; reason: string } | null {
  const [longest] = freezes
    .filter(({ from, until }) => new Date(from) <= at && at < new Date(until))
    .sort((one, other) => Date.parse(other.until) - Date.parse(one.until));
  return longest === undefined ? null : { until: longest.until, reason: longest.reason };
}

function parseRequest(runbook: string, message: unknown) {
  const example = '{ "instance": "bitbucket-prod" }';
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw invalidInput(
      `${runbook} is started with one JSON object such as ${example}, not with ${describe(message)}`,
    );
  }
  const schema = z.strictObject({ ...commonMembers, ...ownMembers[runbook] });
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const known = Object.keys(schema.shape);
  const problems = parsed.error.issues.map((issue) => explain(issue, known));
  throw invalidInput(
    `${problems.join('; ')}. A start looks like ${example}; accepted are ${known.join(', ')}.`,
  );
}

function explain(issue: z.core.$ZodIssue, known: readonly string[]): string {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => {
        const near = nearest(key, known);
        return `"${key}" is not known${near === undefined ? '' : ` (did you mean "${near}"?)`}`;
      })
      .join('; ');
  }
  return `"${issue.path.join('.')}" ${issue.message}`;
}

function describe(message: unknown): string {
  if (message === null || message === undefined) return 'nothing';
  return Array.isArray(message) ? 'a list' : `the ${typeof message} ${JSON.stringify(message).slice(0, 60)}`;
}

/**
 * The identity in the start event, when it is one of the estate's people: where a start form was used that fills it in,
 * nobody can leave `requestedBy` out to approve a run of their own.
 */
async function starterIdentity(people: readonly string[]): Promise<string | null> {
  const { workflowExecution } = activityInfo();
  if (workflowExecution === undefined) return null;
  const { workflowId, runId } = workflowExecution;
  const history = await getClient().workflow.getHandle(workflowId, runId).fetchHistory();
  const identity = history.events?.[0]?.workflowExecutionStartedEventAttributes?.identity ?? '';
  return people.find((name) => identity === name || identity.startsWith(`${name}@`)) ?? null;
}
