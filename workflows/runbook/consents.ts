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
