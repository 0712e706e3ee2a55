/** Why a worker does not start, for whoever starts it: shown without a stack trace. */
export class StartError extends Error {
  constructor(
    message: string,
    /** What to do, one sentence. */
    readonly remedy: string,
    /** 2: what it was told is wrong; 1: something else does not work. */
    readonly exitCode: 1 | 2,
  ) {
    super(message);
    this.name = 'StartError';
  }
}
