import { callSignal } from '../runbook/call-scope';

/** A read that is under way for so long is not waited for: its region may be silent. */
const PATIENCE_MS = 100;

interface Sharing {
  /** When the last read of this kind was sent, epoch milliseconds. */
  sentAt: number;
  underWay: Promise<unknown>;
  /** Not sent yet: whoever asks meanwhile gets its answer. */
  next: Promise<unknown> | null;
}

/**
 * Makes one call of equal reads that are asked for at about the same time, so that a fleet of runs asks AWS once. The
 * first is sent at once; those who ask while it is under way share the next one, which is sent when it ends, 100 ms after
 * it was sent at the latest. Nobody gets an answer to a call that was sent before he asked, and nothing is kept.
 */
export class SharedReads {
  private readonly kinds = new Map<string, Sharing>();

  /** @param send must depend on nothing but the key; its answer is not to be changed */
  async share<T>(key: string, send: () => Promise<T>): Promise<T> {
    const kind = this.kinds.get(key);
    if (kind === undefined) return this.send(key, send);
    if (kind.next !== null) return this.follow(kind.next as Promise<T>, send);
    const next = this.sendNext(key, kind, send);
    kind.next = next;
    return next;
  }

  private send<T>(key: string, send: () => Promise<T>): Promise<T> {
    const underWay = send();
    const kind: Sharing = { sentAt: Date.now(), underWay, next: null };
    this.kinds.set(key, kind);
    const forget = (): void => {
      if (this.kinds.get(key) === kind && kind.next === null) this.kinds.delete(key);
    };
    void underWay.then(forget, forget);
    return underWay;
  }

  private async sendNext<T>(key: string, before: Sharing, send: () => Promise<T>): Promise<T> {
    await settledWithin(before.underWay, Math.max(0, before.sentAt + PATIENCE_MS - Date.now()));
    return this.send(key, send);
  }

  /** The read belongs to the activity that asked first; where that is cancelled the others ask for themselves. */
  private async follow<T>(shared: Promise<T>, send: () => Promise<T>): Promise<T> {
    try {
      return await shared;
    } catch (error) {
      if (!isAbort(error) || callSignal()?.aborted === true) throw error;
      return send();
    }
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

async function settledWithin(work: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work.then(ignore, ignore), late]);
  clearTimeout(timer);
}

function ignore(): void {}
