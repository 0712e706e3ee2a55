import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

/** What one activity of a run cost in time. All times are epoch milliseconds. */
export interface ActivitySpan {
  readonly type: string;
  /** The step's id; empty for the kit's own activities. */
  readonly step: string;
  readonly scheduledAt: number;
  /** Start of the last attempt. */
  readonly startedAt: number;
  readonly closedAt: number;
  readonly attempts: number;
  readonly worker: string;
}

export interface HistoryFigures {
  readonly events: number;
  readonly bytes: number;
  readonly workflowTasks: number;
  readonly activities: number;
  readonly timers: number;
  readonly activitySpans: readonly ActivitySpan[];
  /** Epoch milliseconds of every start of an activity or workflow task, with the worker's identity. */
  readonly starts: readonly { readonly at: number; readonly worker: string }[];
  readonly startedAt: number;
  readonly endedAt: number;
}

interface HistoryEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly eventTime: string;
  readonly activityTaskScheduledEventAttributes?: {
    readonly activityType: { readonly name: string };
    readonly input?: { readonly payloads: readonly { readonly data: string }[] };
  };
  readonly activityTaskStartedEventAttributes?: {
    readonly scheduledEventId: string;
    readonly attempt: number;
    readonly identity: string;
  };
  readonly workflowTaskStartedEventAttributes?: { readonly identity: string };
}

const CLOSING = /_ACTIVITY_TASK_(COMPLETED|FAILED|TIMED_OUT|CANCELED)$/;

/** Reads off a run's history what it cost. */
export async function readHistory(handle: WorkflowHandle): Promise<HistoryFigures> {
  const [history, description] = await Promise.all([handle.fetchHistory(), handle.describe()]);
  const { events } = JSON.parse(historyToJSON(history)) as { readonly events: readonly HistoryEvent[] };
  const count = (type: string): number => events.filter(({ eventType }) => eventType.endsWith(type)).length;
  const times = events.map(timeOf);
  return {
    events: events.length,
    bytes: description.historySize ?? 0,
    workflowTasks: count('_WORKFLOW_TASK_COMPLETED'),
    activities: count('_ACTIVITY_TASK_SCHEDULED'),
    timers: count('_TIMER_STARTED'),
    activitySpans: spansOf(events),
    starts: events.flatMap((event) => {
      const attributes = event.activityTaskStartedEventAttributes ?? event.workflowTaskStartedEventAttributes;
      return attributes === undefined ? [] : [{ at: timeOf(event), worker: attributes.identity }];
    }),
    startedAt: times[0] ?? 0,
    endedAt: times.at(-1) ?? 0,
  };
}

function spansOf(events: readonly HistoryEvent[]): readonly ActivitySpan[] {
  const open = new Map<string, { -readonly [K in keyof ActivitySpan]: ActivitySpan[K] }>();
  const spans: ActivitySpan[] = [];
  for (const event of events) {
    const at = timeOf(event);
    const scheduled = event.activityTaskScheduledEventAttributes;
    const started = event.activityTaskStartedEventAttributes;
    if (scheduled !== undefined) {
      const type = scheduled.activityType.name;
      open.set(event.eventId, {
        ...{ type, step: stepOf(scheduled.input?.payloads[0]?.data) },
        ...{ scheduledAt: at, startedAt: at, closedAt: at, attempts: 1, worker: '' },
      });
    } else if (started !== undefined) {
      const span = open.get(started.scheduledEventId);
      if (span !== undefined) {
        Object.assign(span, { startedAt: at, attempts: started.attempt, worker: started.identity });
      }
    } else if (CLOSING.test(event.eventType)) {
      const id = Object.values(event).find(isAttributes)?.scheduledEventId ?? '';
      const span = open.get(id);
      if (span !== undefined) spans.push({ ...span, closedAt: at });
    }
  }
  return spans;
}

function isAttributes(value: unknown): value is { readonly scheduledEventId: string } {
  return typeof value === 'object' && value !== null && 'scheduledEventId' in value;
}

function stepOf(data: string | undefined): string {
  if (data === undefined) return '';
  const call = JSON.parse(Buffer.from(data, 'base64').toString()) as {
    readonly context?: { readonly step?: string };
  } | null;
  return call?.context?.step ?? '';
}

function timeOf({ eventTime }: HistoryEvent): number {
  return Date.parse(eventTime);
}
