import { ApplicationFailure, CancelledFailure } from '@temporalio/common';

import type { Pace } from '../../workflows/runbook/step';
import { needsPerson, notYet, terminal } from '../errors';
import { callSignal } from '../runbook/call-scope';
import { delayFor, elapsedSeconds } from './pace';
import { GARBLED_HINT, kindOf } from './error-kinds';
import type { AwsErrorKind } from './error-kinds';

/** What was being done: the words of every failure message. */
export interface Undertaking {
  /** Verb phrase that continues "could not …", e.g. `promote`. */
  readonly doing: string;
  /** The resource as an operator knows it, e.g. `database bitbucket-standby-db`. */
  readonly resource: string;
  /** Absent for Route 53. */
  readonly region?: string;
  /** Its state as last seen. */
  readonly state?: string;
  /** Paces the repetition of a call that is refused because of a state that changes by itself; else 15 s [A §9 B]. */
  readonly pace?: Pace;
}

/** An error of AWS, understood. */
interface AwsErrorFacts {
  readonly kind: AwsErrorKind;
  /** Error name by which it is classified, e.g. `DBInstanceNotFoundFault`. */
  readonly name: string;
  readonly message: string;
  readonly requestId: string | null;
  /** More than 1 after a mutating call: it may have been applied by an attempt whose answer was lost [A §6]. */
  readonly attempts: number;
}

/** Nobody answered in time. Says nothing about the resource: unknown is neither down nor fine. Retried like any error. */
export class AwsUnreachable extends Error {
  override readonly name = 'AwsUnreachable';
}

/** AWS answers, but one machine takes no commands: host, agent, or its way to Systems Manager. */
export class HostUnreachable extends AwsUnreachable {
  constructor(
    /** As an operator knows it, e.g. `i-0123 in eu-west-1`. */
    readonly host: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Something that passes by itself: throttling, an internal error, an answer that cannot be read. Retried within the
 * step's budget; when it stays, people are asked in the end (`attempt.ts`), with these very words.
 */
export class AwsTransient extends Error {
  override readonly name = 'AwsTransient';
}

/** Answers that a step gives itself for some kinds of error, instead of failing. */
export type Answers<T> = Partial<Record<AwsErrorKind, (error: AwsErrorFacts) => T | Promise<T>>>;

/** Seconds until a call is repeated that was refused because of a state or a slot that changes by itself. */
const BUSY_DELAY_SECONDS = 15;

/**
 * Makes calls to AWS and turns whatever they throw into the classes of `activities/errors.ts`, once, here [A §9].
 * Failures that are classified already, lost leases and cancellations pass unchanged.
 */
export async function askAws<T>(
  about: Undertaking,
  send: () => Promise<T>,
  answers: Answers<T> = {},
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (isOurs(error)) throw error;
    const facts = factsOf(error);
    const answer = answers[facts.kind];
    if (answer !== undefined) return answer(facts);
    throw failureOf(about, facts, error);
  }
}

function factsOf(error: unknown): AwsErrorFacts {
  const raw = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: string;
    code?: string;
    message?: string;
    $metadata?: { requestId?: string; attempts?: number; httpStatusCode?: number };
  };
  const name = raw.name === 'Error' && raw.code !== undefined ? raw.code : (raw.name ?? 'Error');
  return {
    kind: kindOf(name, raw.message ?? '', raw.$metadata?.httpStatusCode, raw.code),
    name,
    message: raw.message ?? String(error),
    requestId: raw.$metadata?.requestId ?? null,
    attempts: raw.$metadata?.attempts ?? 1,
  };
}

function isOurs(error: unknown): boolean {
  return (
    error instanceof ApplicationFailure ||
    error instanceof CancelledFailure ||
    error instanceof AwsUnreachable ||
    error instanceof AwsTransient ||
    // The activity was cancelled; an abort without that came from another wait's shared call and is only transient.
    (error instanceof Error && error.name === 'AbortError' && callSignal()?.aborted === true)
  );
}

function failureOf(about: Undertaking, facts: AwsErrorFacts, cause: unknown): Error {
  const message = wording(about, facts);
  if (facts.kind === 'unreachable') return new AwsUnreachable(message, { cause });
  if (facts.kind === 'transient' || facts.kind === 'garbled') return new AwsTransient(message, { cause });
  if (facts.kind === 'busy') {
    return notYet(
      message,
      about.pace === undefined ? BUSY_DELAY_SECONDS : delayFor(about.pace, elapsedSeconds()),
    );
  }
  if (facts.kind === 'quota' || facts.kind === 'denied') return needsPerson(message, cause);
  return terminal(message, cause);
}

const REMEDIES: Readonly<Record<AwsErrorKind, string>> = {
  unreachable: 'Nobody answered; the state is unknown. It is asked again',
  transient: 'This passes by itself; it is tried again',
  garbled:
    'The answer cannot be read, so what became of the call is unknown. It is looked at again; if it stays so, something ' +
    'that is not AWS answers: check AWS_ENDPOINT_URL, and proxies on the way',
  busy: 'It is tried again when the state allows it',
  exists: 'Something else owns this name: look at its tags, rename or delete it',
  spent: 'What this step made before was deleted; look who did it',
  notFound: 'Compare the name and region in the estate with what exists',
  quota: 'Raise the quota or delete what is not needed, then retry',
  denied: "Check the worker's credentials and the policy printed by `runbooks iam-policy`, then retry",
  unchanged: 'There was nothing to change',
  invalid: 'The request was refused as it stands; correct the estate or the input',
  foreign: 'The endpoint did not answer like AWS: check AWS_ENDPOINT_URL',
};

/** Where the kind's own says too little. */
const REMEDIES_BY_NAME: Readonly<Record<string, string>> = {
  KMSKeyNotAccessibleFault:
    'Look whether the key is enabled, in this region, and may be used by the worker (kms:CreateGrant, kms:DescribeKey), then retry',
};

function wording(about: Undertaking, facts: AwsErrorFacts): string {
  const where = about.region === undefined ? '' : ` in ${about.region}`;
  // Met many times in a region that is gone: short, and without advice that nobody needs twice.
  if (facts.kind === 'unreachable') {
    const why = facts.name === 'RegionSilent' ? facts.message : facts.name;
    return `no answer${where} to: ${about.doing} ${about.resource} (${why})`;
  }
  const state = about.state === undefined ? '' : ` (${about.state})`;
  const request = facts.requestId === null ? 'no request id' : `request ${facts.requestId}`;
  const said = (facts.message.split(GARBLED_HINT)[0] ?? '').trim().replace(/\s+/g, ' ').slice(0, 500);
  const remedy = REMEDIES_BY_NAME[facts.name] ?? REMEDIES[facts.kind];
  return `could not ${about.doing} ${about.resource}${where}${state}: ${facts.name}: ${said} (${request}). ${remedy}.`;
}
