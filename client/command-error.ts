/** What a command's exit code says. */
export const EXIT = {
  done: 0,
  failed: 1,
  wrongUse: 2,
  /** The run waits for people. */
  waiting: 3,
} as const;

/** A failure that the user can do something about; shown without a stack trace. */
export class CommandError extends Error {
  constructor(
    message: string,
    /** What to do, one sentence. */
    readonly remedy?: string,
    readonly exitCode: number = EXIT.failed,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}
