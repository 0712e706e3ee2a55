import { clip } from './markdown';
import type { Problem } from './step';

/** Problems of the same kind, for which the same is to be done. */
export function groupProblems(problems: readonly Problem[]): readonly (readonly Problem[])[] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const { code, remedy, consent } = problem;
    const key = JSON.stringify([code, remedy, consent]);
    groups.set(key, [...(groups.get(key) ?? []), problem]);
  }
  return [...groups.values()];
}

/** Problems as lines of a list. What to do about several of the same kind is said once, after the last of them. */
export function problemLines(problems: readonly Problem[], longest: number): readonly string[] {
  return groupProblems(problems).flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          ...group.map((problem) => clip(problem.message, longest)),
          `**${group.length === 1 ? 'What to do' : 'What to do about these'}** (\`${first.code}\`): ${clip(first.remedy, longest)}`,
        ];
  });
}
