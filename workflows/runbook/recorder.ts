import { defineSearchAttributeKey } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { renderDetails } from './details';
import type { RunEvent } from './events';
import { reduce } from './events';
import type { RunState } from './state';
import { openAsks } from './state';

/** Search attributes of every run; registered by `runbooks setup`, checked when a worker starts. */
export const SEARCH_ATTRIBUTES = {
  instance: defineSearchAttributeKey('RunbookInstance', 'KEYWORD'),
  phase: defineSearchAttributeKey('RunbookPhase', 'KEYWORD'),
  awaiting: defineSearchAttributeKey('RunbookAwaiting', 'KEYWORD'),
  outcome: defineSearchAttributeKey('RunbookOutcome', 'KEYWORD'),
  requestedBy: defineSearchAttributeKey('RunbookRequestedBy', 'KEYWORD'),
  dryRun: defineSearchAttributeKey('RunbookDryRun', 'BOOL'),
} as const;

/** Holds a run's state; each event reaches the details page and, where it matters, the search attributes. */
export class Recorder {
  private published: Readonly<Record<string, string | null>> = {};

  constructor(private current: RunState) {}

  get state(): RunState {
    return this.current;
  }

  apply(...events: readonly RunEvent[]): void {
    for (const event of events) this.current = reduce(this.current, event);
    setCurrentDetails(renderDetails(this.current));
    this.publish();
  }

  /** One upsert for whatever changed: each is an event in history. */
  private publish(): void {
    const { instance, phase, outcome, requestedBy, dryRun } = this.current;
    const awaiting = openAsks(this.current)
      .map((ask) => ask.id)
      .join(' ');
    const texts = {
      instance: instance === '' ? null : instance,
      phase,
      awaiting: awaiting === '' ? null : awaiting,
      outcome,
      requestedBy,
    };
    const changed = (Object.keys(texts) as (keyof typeof texts)[]).filter(
      (name) => (this.published[name] ?? null) !== texts[name],
    );
    const pairs = changed.map((name) => ({ key: SEARCH_ATTRIBUTES[name], value: texts[name] }));
    const first = texts.instance !== null && (this.published['instance'] ?? null) === null;
    if (pairs.length > 0 || first) {
      upsertSearchAttributes([
        ...pairs,
        ...(first ? [{ key: SEARCH_ATTRIBUTES.dryRun, value: dryRun }] : []),
      ]);
    }
    this.published = texts;
  }
}

/** The time of the current workflow task, ISO 8601. */
export function now(): string {
  return new Date().toISOString();
}
