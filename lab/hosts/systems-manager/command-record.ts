export type InvocationStatus = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelled';

/** One command on one machine. */
export interface Invocation {
  readonly instanceId: string;
  status: InvocationStatus;
  /** `Success`, `ExecutionTimedOut`, `DeliveryTimedOut`, … */
  statusDetails: string;
  /** Exit code; -1 until the command has ended. */
  responseCode: number;
  stdout: string;
  stderr: string;
  /** Virtual epoch milliseconds. */
  startedAt: number | undefined;
  endedAt: number | undefined;
}

/** One SendCommand. */
export interface CommandRecord {
  readonly commandId: string;
  readonly region: string;
  readonly documentName: string;
  readonly comment: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly requestedAt: number;
  /** Virtual seconds within which the command must have begun. */
  readonly timeoutSeconds: number;
  readonly invocations: readonly Invocation[];
  readonly cancel: AbortController;
}

export const ENDED: readonly InvocationStatus[] = ['Success', 'Failed', 'TimedOut', 'Cancelled'];

/** The command's own status out of its invocations'. */
export function statusOf(record: CommandRecord): InvocationStatus {
  const all = record.invocations.map((each) => each.status);
  if (all.every((each) => each === 'Pending')) return 'Pending';
  if (all.some((each) => !ENDED.includes(each))) return 'InProgress';
  const worst: readonly InvocationStatus[] = ['Failed', 'TimedOut', 'Cancelled'];
  return worst.find((each) => all.includes(each)) ?? 'Success';
}
