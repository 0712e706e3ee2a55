import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { MomentFiles, momentName } from './moments';
import type { DiaryEntry, Edge, Order } from './moments';

/**
 * Loaded before the worker's program: the program stays as it is installed, and can be ended, held or made to fail at
 * an exact moment of a run. SIGKILL by the worker itself is as sudden as one from outside, and never late.
 */
const files = new MomentFiles(process.env['SWEEP_DIRECTORY'] ?? '');
/** Long enough to hand a result in, about as long as the server takes to make a workflow task of it. */
const HANDED_IN_MILLISECONDS = 8;
const machineTime = Date.now;

class Moments implements ActivityInboundCallsInterceptor {
  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const seen = describe(input);
    note(seen, 'start');
    await at(seen, 'start');
    let ok = false;
    try {
      const result = await next(input);
      ok = true;
      await at(seen, 'end');
      return result;
    } finally {
      note(seen, 'end', { ok });
      if (ok && orderFor(seen, 'boundary') !== undefined)
        setTimeout(() => void at(seen, 'boundary'), HANDED_IN_MILLISECONDS);
    }
  }
}

type Seen = Pick<DiaryEntry, 'runId' | 'activityId' | 'activity' | 'nth'>;

function describe({ args }: ActivityExecuteInput): Seen {
  const { activityType, activityId, workflowExecution } = activityInfo();
  const runId = workflowExecution?.runId ?? '';
  const call = args[0] as { readonly context?: { readonly step?: string } } | undefined;
  const part = activityType.split('.')[1];
  const step = call?.context?.step;
  const activity = step === undefined || part === undefined ? activityType : `${step}/${part}`;
  // Also what a former worker has written: an attempt that is repeated is the same execution.
  const ids = files
    .read()
    .filter((entry) => entry.runId === runId && entry.activity === activity && entry.event === 'start')
    .map((entry) => entry.activityId);
  const known = [...new Set(ids)];
  const nth = known.includes(activityId) ? known.indexOf(activityId) + 1 : known.length + 1;
  return { runId, activityId, activity, nth };
}

async function at(seen: Seen, edge: Edge): Promise<void> {
  const order = orderFor(seen, edge);
  if (order === undefined) return;
  note(seen, order.act, { edge });
  switch (order.act) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      // Nothing is done while the signal is on its way.
      return new Promise(() => undefined);
    case 'fail':
      throw ApplicationFailure.nonRetryable(`made to fail at ${momentName(order)}`, 'Terminal');
    case 'hold':
      while (!files.readControl().released.includes(momentName(order))) await sleep(20);
  }
}

function orderFor({ runId, activity, nth }: Seen, edge: Edge): Order | undefined {
  const order = files
    .readControl()
    .orders.find((one) => one.activity === activity && one.nth === nth && one.edge === edge);
  if (order === undefined) return undefined;
  const done = files
    .read()
    .some(
      (entry) =>
        entry.runId === runId &&
        entry.event === order.act &&
        entry.activity === activity &&
        entry.nth === nth &&
        entry.edge === edge,
    );
  return done ? undefined : order;
}

function note(seen: Seen, event: DiaryEntry['event'], more: Pick<DiaryEntry, 'edge' | 'ok'> = {}): void {
  files.append({ at: machineTime(), pid: process.pid, event, ...seen, ...more });
}

/** Everything is loaded, and nothing is asked for: whoever stands by takes over at once. */
async function ownTurn(): Promise<void> {
  const own = Number(process.env['SWEEP_TURN'] ?? '0');
  while (files.readControl().turn < own) await sleep(20);
}

/** The worker's clock, not its timers, goes by what the sweep says; so a jump needs no restart. */
function bendClock(): void {
  const Machine = Date;
  let ahead = 0;
  setInterval(() => (ahead = files.readControl().clockSeconds * 1000), 100).unref();
  const now = (): number => machineTime() + ahead;
  globalThis.Date = class extends Machine {
    constructor(...args: readonly unknown[]) {
      if (args.length === 0) super(now());
      else super(...(args as [number]));
    }
    static override now(): number {
      return now();
    }
  } as DateConstructor;
}

function install(): void {
  bendClock();
  const create = Worker.create.bind(Worker);
  Worker.create = async (options) => {
    const worker = await create({
      ...options,
      interceptors: { activity: [() => ({ inbound: new Moments() })] },
    });
    const run = worker.run.bind(worker);
    worker.run = async () => {
      await ownTurn();
      return run();
    };
    return worker;
  };
}

install();
