import { DefaultLogger } from '@temporalio/worker';
import type { LogEntry, Logger } from '@temporalio/worker';
import { pino } from 'pino';
import type { Logger as Pino } from 'pino';
import type { WorkerConfig } from './config';

/**
 * JSON lines with `runbook`, `run` and `instance` wherever a line belongs to a run. pino, because its format is what
 * log collectors expect and it stays fast when a wait is chatty.
 */
export function createLogger(level: WorkerConfig['logLevel']): {
  readonly pino: Pino;
  readonly temporal: Logger;
} {
  const out = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  const temporal = new DefaultLogger(level.toUpperCase() as 'INFO', (entry) => write(out, entry));
  return { pino: out, temporal };
}

function write(out: Pino, { level, message, meta = {} }: LogEntry): void {
  const { workflowId, workflowType, runId, activityType, attempt, error, ...rest } = meta as Record<
    string,
    unknown
  >;
  const line = {
    ...(typeof workflowId === 'string' ? { run: workflowId, instance: workflowId.split('/')[1] } : {}),
    ...(workflowType === undefined ? {} : { runbook: workflowType }),
    ...(activityType === undefined ? {} : { activity: activityType, attempt }),
    ...(runId === undefined ? {} : { runId }),
    ...(error === undefined ? {} : { error: error instanceof Error ? error.message : error }),
    ...('sdkComponent' in rest ? { component: rest['sdkComponent'] } : {}),
  };
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  out[levels[level]](line, message);
}
