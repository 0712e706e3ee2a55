import { sampleOf } from '../../workflows/plan/verify/sample';
import { compareRows } from '../../workflows/steps/verify';
import type { CompareRows, ComparedRows, SampledRepository } from '../../workflows/steps/verify';
import type { Dependencies } from '../dependencies';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { commitKey, findMissing } from './count-lost-pushes';
import type { Commits } from './count-lost-pushes';
import { look, repositoryParameters, searchSeconds } from './file-server';
import { readRepositoryRows } from './repository-rows';
import type { RefRow } from './repository-rows';
import { HOST_COMMAND_ACTIONS } from './run-command';

/** Ids per command: their text has to fit into one request to Systems Manager, the answer into its output. */
const IDS_PER_COMMAND = 3000;
const COMMAND_SECONDS = 120;
/** So many of what is missing are named; the others are counted. */
const NAMED = 10;

/** [B §13.1 #5] Both halves of the pair hold the same repositories. */
export function compareRowsImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<CompareRows, ComparedRows>(compareRows, {
    actions: ['rds:DescribeDBInstances', ...HOST_COMMAND_ACTIONS],

    check: async () => ({
      state: 'needed',
      before: {},
      calls: [],
      problems: [],
      output: { repositories: 0, refs: 0, missing: [], sample: [] },
    }),

    async verify(input) {
      const { repositories, refs } = await readRepositoryRows(dependencies, input, input.capturedAt);
      const { missing: gone, unknown, all } = await findDirectories(dependencies, input, repositories);
      const there = repositories.filter(({ id }) => !gone.has(id) && !unknown.has(id));
      const unchecked = repositories.filter(({ id }) => unknown.has(id));
      const lost = await findLostRefs(dependencies, input, there, refs);
      const missing = [
        ...repositories.filter(({ id }) => gone.has(id)).map((one) => `${nameOf(one)} has no directory`),
        ...lost,
      ];
      const ids = sampleOf(
        there.map(({ id }) => id),
        refs.map(({ repositoryId }) => repositoryId),
        input.sample,
        input.seed,
      );
      const sample = ids.flatMap((id) => there.filter((one) => one.id === id));
      const compared = { repositories: repositories.length, refs: refs.length };
      return {
        output: { ...compared, missing: shorten(missing), sample },
        facts: {
          ...compared,
          withoutRow: Math.max(0, all - there.length),
          missing: missing.length === 0 ? 'nothing' : shorten(missing).join('; '),
          ...(unchecked.length === 0 ? {} : { notChecked: unchecked.length }),
        },
        ...(unchecked.length === 0 ? {} : { degraded: [notChecked(unchecked)] }),
      };
    },
  });
}

interface Directories {
  readonly missing: ReadonlySet<number>;
  /** Not in the home, and on the data stores nobody can tell. */
  readonly unknown: ReadonlySet<number>;
  readonly all: number;
}

async function findDirectories(
  { aws }: Dependencies,
  input: CompareRows,
  repositories: readonly SampledRepository[],
): Promise<Directories> {
  const missing = new Set<number>();
  const unknown = new Set<number>();
  let all = 0;
  for (let at = 0; at === 0 || at < repositories.length; at += IDS_PER_COMMAND) {
    const ids = repositories.slice(at, at + IDS_PER_COMMAND).map(({ id }) => id);
    const parameters = {
      ...repositoryParameters(input.fileServer),
      IDS: ids.join(' '),
    };
    const seconds = COMMAND_SECONDS + searchSeconds(input.fileServer);
    const { facts } = await look(aws, input, 'check-directories', parameters, seconds);
    const answer = facts.directories ?? '';
    if (ids.length > 0 && answer.length !== ids.length) {
      throw new Error(`check-directories.sh answered for ${answer.length} of ${ids.length} repositories`);
    }
    ids.filter((_, index) => answer[index] === 'x').forEach((id) => missing.add(id));
    ids.filter((_, index) => answer[index] === '?').forEach((id) => unknown.add(id));
    all = Number(facts.all ?? 0);
  }
  return { missing, unknown, all };
}

async function findLostRefs(
  dependencies: Dependencies,
  input: CompareRows,
  there: readonly SampledRepository[],
  refs: readonly RefRow[],
): Promise<readonly string[]> {
  const known = new Map(there.map((one) => [one.id, one]));
  const wanted = refs.filter(({ repositoryId }) => known.has(repositoryId));
  const { missing: lost } = await findMissing(dependencies, input, commitsOf(wanted));
  return wanted
    .filter(({ repositoryId, commit }) => lost.has(commitKey(repositoryId, commit)))
    .map(({ repositoryId, ref, commit }) => {
      const repository = known.get(repositoryId);
      const name = repository === undefined ? String(repositoryId) : nameOf(repository);
      return `${name} lacks ${commit.slice(0, 12)}, last pushed to ${ref}`;
    });
}

function commitsOf(refs: readonly RefRow[]): Commits {
  const all = new Map<number, Set<string>>();
  for (const { repositoryId, commit } of refs)
    all.set(repositoryId, (all.get(repositoryId) ?? new Set()).add(commit));
  return [...all].map(([repositoryId, commits]) => ({ repositoryId, commits: [...commits] }));
}

function nameOf({ id, project, slug }: SampledRepository): string {
  return `${project}/${slug} (${id})`;
}

function notChecked(repositories: readonly SampledRepository[]): string {
  const names = shorten(repositories.map(nameOf)).join(', ');
  return `not checked: ${names}: not in the home, may lie on a data store whose order is not understood, or could not be read in time`;
}

function shorten(lines: readonly string[]): readonly string[] {
  const more = lines.length - NAMED;
  return more > 0 ? [...lines.slice(0, NAMED), `and ${more} more`] : lines;
}
