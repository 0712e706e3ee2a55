import { countLostPushes } from '../../workflows/steps/count-lost-pushes';
import type { Dependencies } from '../dependencies';
import { implementObservation } from '../implement';
import type { ObservationImplementation } from '../implement';
import { look, repositoryParameters, searchSeconds } from './file-server';
import type { FileServerPlace } from './file-server';
import { readPushRecords } from './push-records';
import type { PushRecord } from './push-records';
import { HOST_COMMAND_ACTIONS } from './run-command';

/** Commits per command: their text must fit into one request to Systems Manager, their answer into its output. */
const COMMITS_PER_COMMAND = 800;
/** Seconds for one repository in a command. */
const GIT_SECONDS = 30;
const COMMAND_SECONDS = 240;

/** [B §13.1 #2, #5] What the database remembers and the home does not hold: the pushes that are lost. */
export function countLostPushesImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation(
    countLostPushes,
    ['rds:DescribeDBInstances', ...HOST_COMMAND_ACTIONS],
    async (input) => {
      const pushes = await readPushRecords(dependencies, input);
      const { missing, unknown } = await findMissing(dependencies, input, commitsByRepository(pushes));
      const known = pushes.filter(({ repositoryId }) => !unknown.has(repositoryId));
      const lost = { compared: known.length, lostPushes: lostByRepository(known, missing) };
      return unknown.size === 0 ? lost : { ...lost, notChecked: pushes.length - known.length };
    },
  );
}

export type Commits = readonly { readonly repositoryId: number; readonly commits: readonly string[] }[];

function commitsByRepository(pushes: readonly PushRecord[]): Commits {
  const all = new Map<number, Set<string>>();
  for (const push of pushes) {
    const commits = all.get(push.repositoryId) ?? new Set();
    push.commits.forEach((commit) => commits.add(commit));
    all.set(push.repositoryId, commits);
  }
  return [...all].map(([repositoryId, commits]) => ({ repositoryId, commits: [...commits] }));
}

/** Splits so that no batch has more than `size` commits; a repository may be in several. */
export function batches(all: Commits, size: number): readonly Commits[] {
  const found: { repositoryId: number; commits: string[] }[][] = [];
  let room = 0;
  for (const { repositoryId, commits } of all) {
    for (let at = 0; at < commits.length;) {
      if (room === 0) {
        found.push([]);
        room = size;
      }
      const part = commits.slice(at, at + room);
      found.at(-1)?.push({ repositoryId, commits: part });
      at += part.length;
      room -= part.length;
    }
  }
  return found;
}

/** Pushes of which at least one commit is missing, counted by repository, most first. */
function lostByRepository(
  pushes: readonly PushRecord[],
  missing: ReadonlySet<string>,
): readonly { readonly repository: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const push of pushes) {
    const lost = push.commits.some((commit) => missing.has(commitKey(push.repositoryId, commit)));
    if (lost) counts.set(push.repository, (counts.get(push.repository) ?? 0) + 1);
  }
  return [...counts]
    .map(([repository, count]) => ({ repository, count }))
    .sort((a, b) => b.count - a.count || a.repository.localeCompare(b.repository));
}

interface Missing {
  /** Keys of the commits that the home does not hold. */
  readonly missing: ReadonlySet<string>;
  /** Repositories that are not in the home, and of which nobody can tell whether they lie on a data store. */
  readonly unknown: ReadonlySet<number>;
}

export async function findMissing(
  { aws }: Dependencies,
  input: FileServerPlace,
  all: Commits,
): Promise<Missing> {
  const missing = new Set<string>();
  const unknown = new Set<number>();
  for (const batch of batches(all, COMMITS_PER_COMMAND)) {
    const { facts } = await look(
      aws,
      input,
      'check-commits',
      {
        ...repositoryParameters(input.fileServer),
        COMMITS: batch.map(({ repositoryId, commits }) => [repositoryId, ...commits].join(' ')).join('\n'),
        GIT_SECONDS: String(GIT_SECONDS),
      },
      COMMAND_SECONDS + searchSeconds(input.fileServer),
    );
    for (const { repositoryId, commits } of batch) {
      const answer = facts[`commits.${repositoryId}`] ?? '';
      if (answer.length !== commits.length) {
        throw new Error(
          `check-commits.sh on ${input.fileServer.instanceId} answered for ${answer.length} of ` +
            `${commits.length} commits of repository ${repositoryId}`,
        );
      }
      if (answer.includes('?')) unknown.add(repositoryId);
      commits
        .filter((_, at) => answer[at] === 'x')
        .forEach((commit) => missing.add(commitKey(repositoryId, commit)));
    }
  }
  return { missing, unknown };
}

export function commitKey(repositoryId: number, commit: string): string {
  return `${repositoryId} ${commit}`;
}
