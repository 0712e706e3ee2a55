import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Problem } from './step';

/** A consent holds for a problem that has become up to so many times as bad as people were shown. */
const COVERS = 2;

/** Whether people have consented to this problem, as bad as it is now. Pure. */
export function isCovered(problem: Problem, accepted: readonly Problem[]): boolean {
  return accepted.some(
    ({ code, figure }) =>
      code === problem.code &&
      (figure === undefined || problem.figure === undefined || problem.figure <= COVERS * figure),
  );
}

/** The problems to which people have consented, and those about which they are being asked. */
export class Consents {
  private readonly open = new Map<string, Promise<void>>();

  /** @param given with the plan, or in an execution before this one */
  constructor(private given: readonly Problem[]) {}

  get accepted(): readonly Problem[] {
    return this.given;
  }

  /** Those of these that are being asked about. */
  openAmong(problems: readonly Problem[]): readonly Problem[] {
    return problems.filter(({ code }) => this.open.has(code));
  }

  /** The problems count as accepted when the answer is yes, and no sooner. */
  async ask(problems: readonly Problem[], question: () => Promise<void>): Promise<void> {
    const answer = question();
    for (const { code } of problems) this.open.set(code, answer);
    try {
      await answer;
      this.given = [...this.given, ...problems];
    } finally {
      for (const { code } of problems) this.open.delete(code);
    }
  }

  /**
   * Waits for the answer about these, which somebody else has asked.
   * @throws RunStopped when it is no
   */
  async awaitAnswer(problems: readonly Problem[]): Promise<void> {
    const scope = CancellationScope.current();
    const answers = problems.flatMap(({ code }) => this.open.get(code) ?? []);
    // Where the part that has asked was ended, this one asks by itself.
    const heard = Promise.all(answers).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
    await Promise.race([heard, scope.cancelRequested]);
  }
}
