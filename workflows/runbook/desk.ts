import { CancellationScope, condition, log, setHandler } from '@temporalio/workflow';
import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { missingApprovals, refuseDecision, refuseHold, settled } from './decisions';
import type { DecisionAnswer, DecisionMessage } from './messages';
import { letGo } from './lease';
import { decide, decision, hold, holdWithParent, plan, report, resume, status } from './messages';
import type { Plan } from './plan';
import type { Person } from './policy';
import { now } from './recorder';
import type { Recorder } from './recorder';
import { reportOf } from './report';
import type { Ask, AskKind, Verdict } from './state';
import { isHeld, openAsks } from './state';
import { preempted } from './stopped';

export interface Question {
  readonly id: string;
  readonly kind: AskKind;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly roles: readonly string[];
  readonly needed: number;
  readonly noteRequired?: boolean;
  readonly planHash: string | null;
  readonly timeoutSeconds: number;
}

export interface Answer {
  readonly verdict: Verdict | 'timeout';
  readonly by: string | null;
  readonly note: string | null;
}

/** Where a run meets people: takes their messages, keeps what is asked, and answers the queries. */
export class Desk {
  people: readonly Person[] = [];
  plan: Plan | null = null;

  constructor(private readonly recorder: Recorder) {}

  /** Must be called before the first await of the workflow [T §3.2]. */
  receive(): void {
    const { recorder } = this;
    setHandler(status, () => recorder.state, { description: 'The state of the run' });
    setHandler(plan, () => this.plan, { description: 'The plan and its hash' });
    setHandler(report, () => reportOf(recorder.state, this.plan, Date.now()), {
      description: 'The report so far',
    });
    setHandler(decide, (message) => this.record(message), {
      description: 'Answer what is asked: { "ask", "verdict", "actor", "note", "planHash" }',
      validator: (message) => {
        const why = refuseDecision(recorder.state, this.people, message);
        if (why !== null) throw ApplicationFailure.nonRetryable(why, 'DecisionRefused');
      },
    });
    setHandler(decision, (message) => this.recordSignal(message), {
      description: 'The same as update decide, for senders that must not wait',
    });
    setHandler(letGo, (by) => recorder.apply({ type: 'preempted', by: { ...by, at: now() } }), {
      description: 'Sent by the lease: an emergency needs the instance',
    });
    setHandler(holdWithParent, ({ held }) => recorder.apply({ type: 'heldWithParent', held }), {
      description: 'Sent by the run that started this one: held with it, or going on',
    });
    for (const [definition, held] of [
      [hold, true],
      [resume, false],
    ] as const) {
      setHandler(
        definition,
        ({ actor, reason }) => {
          recorder.apply({
            type: 'held',
            held: held ? { actor, reason: reason ?? null, since: now() } : null,
          });
          return recorder.state.held;
        },
        {
          description: held ? 'Stop before the next step: { "actor", "reason" }' : 'Go on: { "actor" }',
          validator: (message) => {
            const why = refuseHold(recorder.state, this.people, message);
            if (why !== null) throw ApplicationFailure.nonRetryable(why, 'HoldRefused');
          },
        },
      );
    }
  }

  /** Asks and waits for the answer; a cancel withdraws the question and is passed on. */
  async ask(question: Question): Promise<Answer> {
    const { timeoutSeconds, noteRequired = false, ...rest } = question;
    const openedAt = now();
    const deadlineAt = new Date(Date.parse(openedAt) + timeoutSeconds * 1000).toISOString();
    const ask: Ask = {
      ...rest,
      noteRequired,
      openedAt,
      deadlineAt,
      decisions: [],
      result: null,
      closedAt: null,
    };
    this.recorder.apply({ type: 'asked', ask });
    try {
      const isClosed = (): boolean => this.find(ask.id).result !== null;
      // What an undo wants to know is asked to the end: the instance is not fit for others before.
      const letsGo = (): boolean => ask.kind !== 'failedUndo' && this.recorder.state.preemptedBy !== null;
      const isOver = await condition(() => isClosed() || letsGo(), timeoutSeconds * 1000, {
        summary: `asks: ${ask.title}`.slice(0, 200),
      });
      if (!isOver) this.recorder.apply({ type: 'askClosed', ask: ask.id, result: 'timeout', at: now() });
      else if (!isClosed()) {
        this.recorder.apply({ type: 'askClosed', ask: ask.id, result: 'withdrawn', at: now() });
        throw preempted(this.recorder.state, null);
      }
    } catch (error) {
      if (isCancellation(error) && this.find(ask.id).result === null) {
        this.recorder.apply({ type: 'askClosed', ask: ask.id, result: 'withdrawn', at: now() });
      }
      throw error;
    }
    return answerOf(this.find(ask.id));
  }

  /** Records that the policy itself answered, without asking anybody. */
  recordPolicy(question: Question): void {
    const { timeoutSeconds: _timeout, noteRequired = false, ...rest } = question;
    const at = now();
    this.recorder.apply({
      type: 'asked',
      ask: {
        ...rest,
        noteRequired,
        openedAt: at,
        deadlineAt: at,
        decisions: [],
        result: 'policy',
        closedAt: at,
      },
    });
  }

  /** Waits while the run is held; decisions and queries go on being answered. */
  async passHold(): Promise<void> {
    if (isHeld(this.recorder.state)) await condition(() => !isHeld(this.recorder.state));
    // A run that was not held must notice a cancel here as well.
    if (CancellationScope.current().consideredCancelled) await CancellationScope.current().cancelRequested;
  }

  /** An id that no ask of this run has had yet. */
  freshId(wish: string): string {
    const taken = this.recorder.state.asks.filter(
      (ask) => ask.id === wish || ask.id.startsWith(`${wish}.`),
    ).length;
    return taken === 0 ? wish : `${wish}.${taken + 1}`;
  }

  private record(message: DecisionMessage): DecisionAnswer {
    const { ask: id, actor, verdict, note } = message;
    const at = now();
    this.recorder.apply({ type: 'decided', ask: id, decision: { actor, verdict, at, note: note ?? null } });
    const result = settled(this.find(id));
    if (result !== null) this.recorder.apply({ type: 'askClosed', ask: id, result, at });
    const ask = this.find(id);
    return { ask, missing: missingApprovals(ask) };
  }

  /** A signal cannot be answered and must never throw [T §3.3]: a refusal is kept in the state. */
  private recordSignal(message: DecisionMessage): void {
    const why = refuseDecision(this.recorder.state, this.people, message);
    if (why === null) {
      this.record(message);
      return;
    }
    const { ask, actor } = (
      typeof message === 'object' && message !== null ? message : {}
    ) as Partial<DecisionMessage>;
    log.warn('decision refused', { why });
    this.recorder.apply({
      type: 'refused',
      refusal: { at: now(), ask: String(ask), actor: String(actor), why },
    });
  }

  private find(id: string): Ask {
    const ask = this.recorder.state.asks.find((one) => one.id === id);
    if (ask === undefined) throw ApplicationFailure.nonRetryable(`no ask ${id}`, 'DecisionRefused');
    return ask;
  }

  get isAsking(): boolean {
    return openAsks(this.recorder.state).length > 0;
  }
}

function answerOf(ask: Ask): Answer {
  const last = ask.decisions.at(-1);
  const verdict =
    ask.result === 'policy' || ask.result === 'withdrawn' || ask.result === null ? 'timeout' : ask.result;
  return verdict === 'timeout'
    ? { verdict, by: null, note: null }
    : { verdict, by: last?.actor ?? null, note: last?.note ?? null };
}
