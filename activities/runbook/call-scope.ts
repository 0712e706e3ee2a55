import { AsyncLocalStorage } from 'node:async_hooks';

/** One call to the outside world, told before it is made. */
export interface OutgoingCall {
  readonly service: string;
  readonly action: string;
  readonly region?: string | undefined;
  readonly mutating: boolean;
}

/** What surrounds an activity attempt: counts its calls, and lets no mutating call out without the lease. */
export interface CallScope {
  readonly signal: AbortSignal;
  count(call: OutgoingCall): void;
  /** Rejects with `LeaseLost` when another run holds the instance. */
  confirmLease(): Promise<void>;
  /** Throws `OutOfTime` when the attempt may be given up before the call has its answer. */
  confirmTime?(call: OutgoingCall): void;
  /** What a former attempt of the same activity left for this one, and this one leaves for the next; plain data. */
  notes?: Record<string, unknown>;
}

const storage = new AsyncLocalStorage<CallScope>();

export function inCallScope<T>(scope: CallScope, work: () => Promise<T>): Promise<T> {
  return storage.run(scope, work);
}

const answered = new WeakSet<CallScope>();

/**
 * An adapter tells that a call of this attempt got an answer, whatever it said. So do those who share one call: whichever
 * attempt sent it, each of them has heard that somebody is there.
 */
export function noteAnswer(): void {
  const scope = storage.getStore();
  if (scope !== undefined) answered.add(scope);
}

/** Whether any call of this attempt got an answer: a connection that breaks after it does not mean that nobody is there. */
export function wasAnswered(): boolean {
  const scope = storage.getStore();
  return scope !== undefined && answered.has(scope);
}

/** What an attempt wrote down under this name, this one or a former one; undefined outside an activity. */
export function recall(name: string): unknown {
  return storage.getStore()?.notes?.[name];
}

/** Writes something down for the attempts after this one; `undefined` forgets it. Must be plain data. */
export function remember(name: string, value: unknown): void {
  const notes = storage.getStore()?.notes;
  if (notes !== undefined) notes[name] = value;
}

/** Aborted when the activity is cancelled; undefined outside an activity (command line, tests). */
export function callSignal(): AbortSignal | undefined {
  return storage.getStore()?.signal;
}

/** Every adapter (AWS client, HTTP client, host command) calls this before each request it sends. */
export async function announceCall(call: OutgoingCall): Promise<void> {
  const scope = storage.getStore();
  if (scope === undefined) return;
  if (call.mutating) {
    await scope.confirmLease();
    // After the lease, whose answer takes its time as well.
    scope.confirmTime?.(call);
  }
  scope.count(call);
}
