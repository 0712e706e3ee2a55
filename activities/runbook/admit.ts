import { z } from 'zod';
import { nearest } from '../../estate/nearest';
import { pinEstate, pinInstance } from '../../estate/pin';
import type { Estate } from '../../estate/schema';
import { isForEstate } from '../../workflows/plan/fleet/estate';
import type { Fleet } from '../../workflows/plan/fleet/estate';
import type { Instance } from '../../workflows/plan/instance';
import type { Settings } from '../../workflows/plan/settings';
import type { Admission } from '../../workflows/runbook/admission';
import { invalidInput } from '../errors';
import { findFreeze, pinFleet } from './pin-fleet';
import { commonMembers, estateMembers, instanceMembers, ownMembers } from './start-members';
import { findStarter } from './starter';

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
): Promise<Admission<unknown, Instance | Fleet, Settings>> {
  const { request, own } = parseRequest(runbook, message);
  const { dryRun, reason, requestedBy, trigger, incidentStartedAt, breakGlass } = request;
  const isBroken = breakGlass !== undefined && trigger === 'manual';
  const { input, ...pinned } = isForEstate(runbook)
    ? pinMany(loadEstate, own, !isBroken)
    : pinOne(loadEstate, own);
  if (incidentStartedAt !== undefined && Date.parse(incidentStartedAt) > Date.now() + 60_000) {
    throw invalidInput(`incidentStartedAt ${incidentStartedAt} is in the future`);
  }
  const names = pinned.people.map((person) => person.name);
  const starter = await findStarter({ runbook, requestedBy, trigger, dryRun }, names);
  return {
    instance: pinned.subject.name,
    dryRun,
    reason: reason ?? null,
    requestedBy: starter,
    trigger,
    incidentStartedAt: incidentStartedAt ?? null,
    freeze: findFreeze(pinned.policy.freezes, new Date()),
    breakGlass: breakGlass ?? null,
    input,
    subject: pinned.subject,
    people: pinned.people,
    policy: pinned.policy,
  };
}

interface PinnedSubject {
  readonly subject: Instance | Fleet;
  readonly people: Admission<unknown, unknown, Settings>['people'];
  readonly policy: ReturnType<typeof pinInstance>['policy'];
  /** Members of the runbook's own. */
  readonly input: object;
}

function pinOne(loadEstate: () => Estate, own: Readonly<Record<string, unknown>>): PinnedSubject {
  const { instance, whenBusy, ...input } = z.object(instanceMembers).loose().parse(own);
  const { policy, instance: subject, people } = told(() => pinInstance(loadEstate(), instance));
  const lease = { ...policy.lease, ...(whenBusy === undefined ? {} : { whenBusy }) };
  return { subject, people, policy: { ...policy, lease }, input };
}

function pinMany(
  loadEstate: () => Estate,
  own: Readonly<Record<string, unknown>>,
  freezesHold: boolean,
): PinnedSubject {
  const { instance: _estate, instances, except, ...input } = z.object(estateMembers).loose().parse(own);
  const estate = told(loadEstate);
  const subject = pinFleet(estate, { instances, except }, new Date(), freezesHold);
  return { subject, ...pinEstate(estate), input };
}

/** What is wrong with the estate is told at once: no retry mends it. */
function told<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalidInput(error instanceof Error ? error.message : String(error));
  }
}

function parseRequest(runbook: string, message: unknown) {
  const forEstate = isForEstate(runbook);
  const example = forEstate ? '{ "instances": ["bitbucket-*"] }' : '{ "instance": "bitbucket-prod" }';
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw invalidInput(
      `${runbook} is started with one JSON object such as ${example}, not with ${describe(message)}`,
    );
  }
  const own = { ...(forEstate ? estateMembers : instanceMembers), ...ownMembers[runbook] };
  const parsed = z.strictObject({ ...commonMembers, ...own }).safeParse(message);
  if (parsed.success) return { request: parsed.data, own: pick(parsed.data, Object.keys(own)) };
  const known = [...Object.keys(own), ...Object.keys(commonMembers)];
  const problems = parsed.error.issues.map((issue) => explain(issue, known));
  throw invalidInput(
    `${problems.join('; ')}. A start looks like ${example}; accepted are ${known.join(', ')}.`,
  );
}

function pick(data: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(data).filter(([name]) => names.includes(name)));
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
