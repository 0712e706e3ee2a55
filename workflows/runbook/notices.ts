import { CancellationScope } from '@temporalio/workflow';
import { kitActivities } from './activities';
import type { Notice } from './admission';
import type { NotificationTarget } from './policy';
import { now } from './recorder';
import type { Recorder } from './recorder';
import type { Ask, RunState } from './state';
import { describeFailure } from './stopped';

/** Budget of one notice with all its retries, seconds. */
const TELL_SECONDS = 120;
/** A run that has ended stays open for no longer than this to say so. */
const TELL_END_SECONDS = 30;

type Event = Notice['event'];
type About = Pick<Notice, 'text' | 'ask' | 'end'>;

/**
 * Tells whom the policy names what happens to a run. It delays nothing but the last moment of a run, and its failure
 * stops nothing: how it went is kept in the state.
 */
export class Notices {
  private targets: readonly NotificationTarget[] = [];
  private readonly pending = new Set<Promise<unknown>>();

  constructor(private readonly recorder: Recorder) {}

  admit(targets: readonly NotificationTarget[]): void {
    this.targets = targets;
  }

  asked(ask: Ask): void {
    void this.tell('asked', { text: `${this.subject()} asks: ${ask.title}`, ask: questionOf(ask) });
  }

  /** Written to the worker's log where no target takes escalations. @returns how each was told, in words */
  async escalated(ask: Ask, people: NonNullable<Notice['ask']>['people']): Promise<string> {
    const roles = ask.escalation?.roles ?? [];
    const text = `${this.subject()} still waits for an answer, now for ${roles.join(' or ')} as well: ${ask.title}`;
    const about: About = { text, ask: { ...questionOf(ask), roles, people } };
    const told = this.tell('escalated', about);
    if (told.length > 0) return (await Promise.all(told)).join('; ');
    return this.send(null, 'escalated', about);
  }

  /** Also waits for what is still being told. */
  async ended(): Promise<void> {
    const { outcome, conclusion, dryRun } = this.recorder.state;
    if (outcome !== null && !dryRun) {
      const text = `${this.subject()} ended ${outcome}${conclusion === null ? '' : `: ${conclusion}`}`;
      void this.tell('ended', { text, end: { outcome, conclusion } });
    }
    await Promise.all(this.pending);
  }

  private tell(event: Event, about: About): readonly Promise<string>[] {
    return this.targets
      .filter(({ events }) => events.includes(event))
      .map((target) => this.send(target, event, about));
  }

  /** Out of reach of a cancel: that a run was cancelled is what people want to be told. */
  private send(target: NotificationTarget | null, event: Event, about: About): Promise<string> {
    const { instance, runbook, workflowId, runId } = this.recorder.state;
    const notice: Notice = { event, at: now(), instance, runbook, workflowId, runId, target, ...about };
    const budget = event === 'ended' ? TELL_END_SECONDS : TELL_SECONDS;
    const told = CancellationScope.nonCancellable(() => kitActivities(budget).notify(notice)).then(
      (how) => this.keep(notice, true, how),
      (error: unknown) => this.keep(notice, false, `could not be told: ${describeFailure(error)}`),
    );
    this.pending.add(told);
    void told.then(() => this.pending.delete(told));
    return told;
  }

  private keep({ event, ask, target }: Notice, delivered: boolean, how: string): string {
    if (target !== null) {
      const notice = { at: now(), event, ask: ask?.id ?? null, target: target.name, delivered, how };
      this.recorder.apply({ type: 'notified', notice });
    }
    return target === null || delivered ? how : `${target.name} ${how}`;
  }

  private subject(): string {
    const { runbook, instance }: RunState = this.recorder.state;
    return `${runbook} of ${instance}`;
  }
}

function questionOf(ask: Ask): NonNullable<Notice['ask']> {
  const { id, kind, title, evidence, verdicts, roles, deadlineAt } = ask;
  return { id, kind, title, evidence, verdicts, roles, deadlineAt, people: [] };
}
