import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { decide, hold, report, resume, status } from '../../workflows/runbook/messages';
import type { DecisionMessage } from '../../workflows/runbook/messages';
import type { Report } from '../../workflows/runbook/report';
import type { Ask, RunState, StepState } from '../../workflows/runbook/state';
import { until } from './until';

/** A query costs the server, the worker and us; many tests wait at the same time. */
const QUERY_EVERY_MS = 60;
/** Below the limit of a test, so that what it waited for is told; the machine may be busy. */
const PATIENCE_SECONDS = 500;

/** A run as its operators meet it: asked for its state, and answered. */
export class LiveRun {
  constructor(readonly handle: WorkflowHandle) {}

  get id(): string {
    return this.handle.workflowId;
  }

  status(): Promise<RunState> {
    return this.handle.query(status);
  }

  report(): Promise<Report> {
    return this.handle.query(report);
  }

  /** Waits until something is asked, by id or any. */
  async asked(id?: string): Promise<Ask> {
    const state = await this.reached(`ask ${id ?? ''}`, ({ asks }) =>
      asks.some((ask) => ask.result === null && (id === undefined || ask.id === id)),
    );
    return state.asks.find((ask) => ask.result === null && (id === undefined || ask.id === id))!;
  }

  /** Waits until a step is in one of the states. */
  async step(id: string, states: readonly StepState[]): Promise<void> {
    const what = `step ${id} ${states.join(' or ')}`;
    await this.reached(what, ({ steps }) =>
      steps.some((step) => step.id === id && states.includes(step.state)),
    );
  }

  async decide(message: Partial<DecisionMessage> & Pick<DecisionMessage, 'ask' | 'verdict' | 'actor'>) {
    return this.handle.executeUpdate(decide, { args: [message] });
  }

  /** Waits for the question and approves it in the names of all these people. */
  async approve(id: string, ...actors: string[]): Promise<void> {
    const { planHash } = await this.asked(id);
    for (const actor of actors) {
      const hash = planHash === null ? {} : { planHash };
      await this.decide({ ask: id, verdict: 'approve', actor, note: 'looked at it', ...hash });
    }
  }

  hold(actor: string) {
    return this.handle.executeUpdate(hold, { args: [{ actor }] });
  }

  resume(actor: string) {
    return this.handle.executeUpdate(resume, { args: [{ actor }] });
  }

  /** The final state, however it ended. */
  async ended(seconds = PATIENCE_SECONDS): Promise<RunState> {
    // A wait that is left behind would be repeated on a closed connection, which ends the process.
    const waiting = new AbortController();
    const result = this.handle.client
      .withAbortSignal(waiting.signal, () => this.handle.result())
      .then(
        () => true,
        () => true,
      );
    const deadline = sleep(seconds * 1000, false, { signal: waiting.signal }).catch(() => false);
    const isOver = await Promise.race([result, deadline]);
    waiting.abort();
    await result;
    const state = await this.status();
    if (!isOver) throw new Error(`not ended after ${seconds} s: ${describe(state)}`);
    return state;
  }

  /** Fails at once, with the reason, when the run ends instead. */
  private async reached(what: string, isThere: (state: RunState) => boolean): Promise<RunState> {
    let last: RunState | undefined;
    const state = await until(
      what,
      async () => {
        last = await this.status();
        return isThere(last) || last.phase === 'ended' ? last : undefined;
      },
      PATIENCE_SECONDS,
      QUERY_EVERY_MS,
    ).catch((error: unknown) => {
      throw last === undefined ? error : new Error(`${String(error)}; ${describe(last)}`);
    });
    if (!isThere(state)) throw new Error(`no ${what}: ended ${state.outcome}: ${state.conclusion}`);
    return state;
  }
}

function describe({ phase, asks, steps }: RunState): string {
  const open = asks.filter((ask) => ask.result === null);
  const last = steps.filter((step) => step.startedAt !== null).at(-1);
  return [
    `phase ${phase}`,
    ...open.map((ask) => `asks ${ask.id} (${ask.evidence.join('; ')})`),
    ...(last === undefined ? [] : [`step ${last.id} ${last.state}`]),
  ].join(', ');
}
