import { userInfo } from 'node:os';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { ESTATE, isForEstate } from '../workflows/plan/fleet/estate';
import { CommandError, EXIT } from './command-error';
import type { Session } from './connection';
import { requireRunbook } from './runbook-name';
import { pollers } from './task-queue';

export interface StartRequest {
  readonly runbook: string;
  /** Undefined for a runbook over the estate. */
  readonly instance: string | undefined;
  readonly dryRun: boolean;
  readonly requestedBy: string;
  /** What starts it by itself, e.g. `alarm`; a person by hand unless told. */
  readonly trigger?: string;
  readonly reason?: string | undefined;
  /** ISO 8601. */
  readonly incidentStartedAt?: string | undefined;
  /** Why a change freeze is broken. */
  readonly breakGlass?: string | undefined;
  /** Further members of the input, as the runbook defines them. */
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * The request, as far as it can be judged without a server.
 * @param runbooks names of those that there are
 * @throws CommandError when there is no such runbook, or an instance is missing, or given where there is none
 */
export function checkRequest(request: StartRequest, runbooks: readonly string[]): StartRequest {
  requireRunbook(request.runbook, runbooks);
  placeOf(request.runbook, request.instance);
  return request;
}

/**
 * Starts a runbook; answers its workflow id, `<runbook>/<instance>/<UTC time>`, with `estate` for a runbook over many.
 * @throws CommandError when an instance is missing, or given where there is none
 */
export async function startRun(session: Session, request: StartRequest, now = new Date()): Promise<string> {
  const {
    runbook,
    instance,
    dryRun,
    requestedBy,
    trigger = 'manual',
    reason,
    incidentStartedAt,
    breakGlass,
    input,
  } = request;
  const place = placeOf(runbook, instance);
  const workflowId = `${runbook}/${place}/${now.toISOString().replace(/[-:]/g, '')}`;
  const message = {
    ...input,
    ...(instance === undefined ? {} : { instance }),
    dryRun,
    requestedBy,
    trigger,
    ...(reason === undefined ? {} : { reason }),
    ...(incidentStartedAt === undefined ? {} : { incidentStartedAt }),
    ...(breakGlass === undefined ? {} : { breakGlass }),
  };
  try {
    await session.call(`starting ${runbook}`, () =>
      session.client.workflow.start(runbook, {
        workflowId,
        taskQueue: session.taskQueue,
        args: [message],
        staticSummary: `${dryRun ? 'Plan of ' : ''}${runbook} for ${place}`.slice(0, 200),
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new CommandError(
      `${workflowId} is running already`,
      `Look at it with: runbooks watch ${workflowId}`,
    );
  }
  return workflowId;
}

function placeOf(runbook: string, instance: string | undefined): string {
  const forEstate = isForEstate(runbook);
  if (!forEstate && instance === undefined) {
    throw new CommandError(
      `${runbook} is started for an instance`,
      `Name it: runbooks start ${runbook} bitbucket-prod.`,
      EXIT.wrongUse,
    );
  }
  if (forEstate && instance !== undefined && instance !== ESTATE) {
    throw new CommandError(
      `${runbook} is started for the estate, not for one instance`,
      `Select instances by the input: runbooks start ${runbook} --input '{"instances":["${instance}"]}'.`,
      EXIT.wrongUse,
    );
  }
  return instance ?? ESTATE;
}

/** The server learns of a worker with its first poll; one that was started just now gets so long to be seen. */
const WORKER_SECONDS = 5;

/** A sentence for when nobody would carry out what is started; undefined when somebody does. */
export async function missingWorker(session: Session): Promise<string | undefined> {
  for (const deadline = Date.now() + WORKER_SECONDS * 1000; ;) {
    const { workflows, activities } = await pollers(session);
    if (workflows.length > 0 && activities.length > 0) return undefined;
    if (Date.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return `no worker serves the task queue ${session.taskQueue} of namespace ${session.namespace}: start one with \`runbooks worker\``;
}

/** Who acts: `--as`, else RUNBOOKS_ACTOR, else the name of the operating system's user. */
export function actorName(
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return given ?? environment['RUNBOOKS_ACTOR'] ?? userInfo().username;
}

/** The object of `--input`. @throws CommandError when it is not one JSON object */
export function parseInput(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new CommandError(
      `--input is no JSON: ${error instanceof Error ? error.message : String(error)}`,
      `Write one object in single quotes, e.g. --input '{"target":"dublin"}'.`,
      EXIT.wrongUse,
    );
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new CommandError(
    '--input must be one JSON object',
    `For example --input '{"target":"dublin"}'.`,
    EXIT.wrongUse,
  );
}

/** A point in time as ISO 8601. @throws CommandError when it is none, or lies ahead */
export function parseMoment(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new CommandError(
      `${option} ${text} is no time`,
      'Write ISO 8601 with its zone, e.g. 2025-03-01T02:15:00Z.',
      EXIT.wrongUse,
    );
  }
  if (time > Date.now())
    throw new CommandError(`${option} ${text} lies ahead`, 'Check its zone.', EXIT.wrongUse);
  return new Date(time).toISOString();
}
