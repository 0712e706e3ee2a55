import { CancellationScope, condition, isCancellation, log, setHandler } from '@temporalio/workflow';
import { kitActivities } from './activities';
import type { ProofAnswer } from './admission';
import { missingApprovals, refuseDecision, refuseHold, refuseReplay, settled } from './decisions';
import type { DecisionAnswer, DecisionMessage } from './messages';
import { letGo } from './lease';
import { decide, decision, hold, holdWithParent, plan, report, resume, status } from './messages';
import { Notices } from './notices';
import type { Plan } from './plan';
import { SIGNATURES } from './policy';
import type { Escalation, Identity, Person, RunPolicy, SignaturePolicy } from './policy';
import { refusal } from './refusal';
import { now } from './recorder';
import type { Recorder } from './recorder';
import { reportOf } from './report';
import type { Ask, AskKind, Decision, Verdict } from './state';
import { isHeld, openAsks } from './state';
import { describeFailure, preempted } from './stopped';

/** Budget with all retries, seconds. */
const VERIFY_SECONDS = 60;

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
  readonly identity?: Identity | undefined;
  readonly escalate?: Escalation | undefined;
  readonly approvalSeconds?: number | undefined;
}

export interface Answer {
  readonly verdict: Verdict | 'timeout';
  readonly by: string | null;
  readonly note: string | null;
}

/** Where a run meets people: takes their messages, keeps what is asked, and answers the queries. */
export class Desk {
  private people: readonly Person[] = [];
  private signatures: SignaturePolicy = SIGNATURES;
  plan: Plan | null = null;
  readonly notices: Notices;

  constructor(private readonly recorder: Recorder) {
    this.notices = new Notices(recorder);
  }

  /** Who may answer, how signed answers are judged, and who is told. Before this nobody is asked anything. */
  admit(people: readonly Person[], { signatures = SIGNATURES, notifications = [] }: RunPolicy): void {
    this.people = people;
    this.signatures = signatures;
    this.notices.admit(notifications);
  }

  /** Must be called before the first await of the workflow [T §3.2]. */
  receive(): void {
    const { recorder } = this;
    setHandler(status, () => recorder.state, { description: 'The state of the run' });
    setHandler(plan, () => this.plan, { description: 'The plan and its hash' });
    setHandler(report, () => reportOf(recorder.state, this.plan, Date.now()), {
      description: 'The report so far',
    });
    setHandler(decide, (message) => this.decide(message), {
      description: 'Answer what is asked: { "ask", "verdict", "actor", "note", "planHash", "proof" }',
      validator: (message) => {
        const why = refuseDecision(recorder.state, this.people, message);
        if (why !== null) throw refusal(why, 'DecisionRefused');
      },
    });
    setHandler(decision, (message) => this.decideBySignal(message), {
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
            if (why !== null) throw refusal(why, 'HoldRefused');
          },
        },
      );
    }
  }

  /** Asks and waits for the answer; a cancel withdraws the question and is passed on. */
  async ask(question: Question): Promise<Answer> {
    const ask = openAsk(question, now());
    this.recorder.apply({ type: 'asked', ask });
    this.notices.asked(ask);
    try {
      if (
        !(await this.closedBy(ask, ask.escalation?.dueAt ?? ask.deadlineAt)) &&
        ask.escalation !== undefined
      ) {
        this.escalate(ask.id);
        await this.closedBy(ask, ask.deadlineAt);
      }
      if (this.find(ask.id).result === null) {
        this.recorder.apply({ type: 'askClosed', ask: ask.id, result: 'timeout', at: now() });
      }
    } catch (error) {
      if (isCancellation(error) && this.find(ask.id).result === null) {
        this.recorder.apply({ type: 'askClosed', ask: ask.id, result: 'withdrawn', at: now() });
      }
      throw error;
    }
    return answerOf(this.find(ask.id));
  }

  /**
   * Waits until the ask is closed; false when it is still open at that time.
   * @throws RunStopped when an emergency needs the instance
   */
  private async closedBy({ id, title }: Ask, time: string): Promise<boolean> {
    const isClosed = (): boolean => this.find(id).result !== null;
    const left = Math.max(1, Date.parse(time) - Date.now());
    const summary = `asks: ${title}`.slice(0, 200);
    const letsGo = (): boolean => this.recorder.state.preemptedBy !== null;
    const isOver = await condition(() => isClosed() || letsGo(), left, { summary });
    if (!isOver || isClosed()) return isOver;
    this.recorder.apply({ type: 'askClosed', ask: id, result: 'withdrawn', at: now() });
    throw preempted(this.recorder.state, null);
  }

  /** From now on the second group may decide as well. Telling them delays nothing, and its failure stops nothing. */
  private escalate(id: string): void {
    this.recorder.apply({ type: 'escalated', ask: id, at: now() });
    const ask = this.find(id);
    const roles = ask.escalation?.roles ?? [];
    const people = this.people
      .filter((person) => person.roles.some((role) => roles.includes(role)))
      .map(({ name, contact = null }) => ({ name, contact }));
    void this.notices
      .escalated(ask, people)
      .then((how) => this.recorder.apply({ type: 'told', ask: id, how }));
  }

  /** Records that the policy itself answered, without asking anybody. */
  recordPolicy(question: Question): void {
    const at = now();
    const { escalation: _nobody, ...ask } = openAsk(question, at);
    this.recorder.apply({ type: 'asked', ask: { ...ask, deadlineAt: at, result: 'policy', closedAt: at } });
  }

  /**
   * Waits while the run is held; decisions and queries go on being answered.
   * @param mayBeLeft whether an emergency ends the wait
   */
  async passHold(mayBeLeft: () => boolean = () => false): Promise<void> {
    const letsGo = (): boolean => this.recorder.state.preemptedBy !== null && mayBeLeft();
    if (isHeld(this.recorder.state)) await condition(() => !isHeld(this.recorder.state) || letsGo());
    // A run that was not held must notice a cancel here as well.
    await this.noticeCancel();
  }

  /** @throws CancelledFailure when the run was cancelled, although what it waited for came to a good end */
  async noticeCancel(): Promise<void> {
    if (CancellationScope.current().consideredCancelled) await CancellationScope.current().cancelRequested;
  }

  /** An id that no ask of this run has had yet. */
  freshId(wish: string): string {
    const taken = this.recorder.state.asks.filter(
      (ask) => ask.id === wish || ask.id.startsWith(`${wish}.`),
    ).length;
    return taken === 0 ? wish : `${wish}.${taken + 1}`;
  }

  /** @throws DecisionRefused when the proof does not hold, or no longer fits what is asked */
  private async decide(message: DecisionMessage): Promise<DecisionAnswer> {
    if (message.proof === undefined) return this.record(message, { identity: 'stated' });
    const answer = await this.verify(message, message.proof);
    if (!answer.valid) throw refusal(answer.why, 'DecisionRefused');
    // Meanwhile the ask may have been closed, or the same person may have answered: what holds now counts.
    const why =
      refuseReplay(this.recorder.state, (used) => used.jti === answer.jti) ??
      refuseDecision(this.recorder.state, this.people, message);
    if (why !== null) throw refusal(why, 'DecisionRefused');
    const { kid, jti, issuedAt } = answer;
    return this.record(message, { identity: 'signed', proof: { kid, jti, issuedAt, jws: message.proof } });
  }

  /** In a scope that a cancel does not reach: what is asked while a cancelled run undoes is decided by proof as well. */
  private verify(message: DecisionMessage, proof: string): Promise<ProofAnswer> {
    const { ask, verdict, actor, note = null, planHash = null } = message;
    const { workflowId, runId } = this.recorder.state;
    return CancellationScope.nonCancellable(() =>
      kitActivities(VERIFY_SECONDS).verifyProof({
        proof,
        decision: { ask, verdict, actor, note, planHash },
        run: { workflowId, runId },
        people: this.people.filter((person) => person.publicKey !== undefined),
        rules: this.signatures,
      }),
    ).catch((error: unknown) => ({
      valid: false,
      why: `the proof could not be verified: ${describeFailure(error)}; send the decision again`,
    }));
  }

  private record(message: DecisionMessage, proven: Pick<Decision, 'identity' | 'proof'>): DecisionAnswer {
    const { ask: id, actor, verdict, note } = message;
    const at = now();
    const decision: Decision = { actor, verdict, at, note: note ?? null, ...proven };
    this.recorder.apply({ type: 'decided', ask: id, decision });
    const result = settled(this.find(id));
    if (result !== null) this.recorder.apply({ type: 'askClosed', ask: id, result, at });
    const ask = this.find(id);
    return { ask, missing: missingApprovals(ask) };
  }

  /** A signal cannot be answered and must never throw [T §3.3]: a refusal is kept in the state. */
  private async decideBySignal(message: DecisionMessage): Promise<void> {
    const why =
      refuseDecision(this.recorder.state, this.people, message) ??
      (await this.decide(message).then(
        () => null,
        (error: unknown) => describeFailure(error),
      ));
    if (why === null) return;
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
    if (ask === undefined) throw refusal(`no ask ${id}`, 'DecisionRefused');
    return ask;
  }

  get isAsking(): boolean {
    return openAsks(this.recorder.state).length > 0;
  }
}

function openAsk(question: Question, at: string): Ask {
  const { timeoutSeconds, noteRequired = false, identity, escalate, approvalSeconds, ...rest } = question;
  const after = (seconds: number): string => new Date(Date.parse(at) + seconds * 1000).toISOString();
  // A second group that would be told after the deadline is never told.
  const escalates = escalate !== undefined && escalate.afterSeconds < timeoutSeconds ? escalate : null;
  return {
    ...rest,
    noteRequired,
    ...(identity === undefined ? {} : { identity }),
    ...(approvalSeconds === undefined ? {} : { approvalSeconds }),
    ...(escalates === null
      ? {}
      : {
          escalation: {
            roles: escalates.roles,
            dueAt: after(escalates.afterSeconds),
            since: null,
            told: null,
          },
        }),
    openedAt: at,
    deadlineAt: after(timeoutSeconds),
    decisions: [],
    result: null,
    closedAt: null,
  };
}

function answerOf(ask: Ask): Answer {
  const last = ask.decisions.at(-1);
  const verdict =
    ask.result === 'policy' || ask.result === 'withdrawn' || ask.result === null ? 'timeout' : ask.result;
  return verdict === 'timeout'
    ? { verdict, by: null, note: null }
    : { verdict, by: last?.actor ?? null, note: last?.note ?? null };
}
