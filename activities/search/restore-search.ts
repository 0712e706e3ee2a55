import { restoreSearch } from '../../workflows/steps/search';
import type { RestoreSearch } from '../../workflows/steps/search';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { needsPerson, notYet, terminal } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import type { SearchClient } from './client';
import { connectSearch } from './connect';
import { observeServer } from './observe';
import { isWhole, nextMove, progressOf } from './restore-rules';

type Output = { readonly shards: number; readonly documents: number };

/** So soon an index is looked at again that Bitbucket has made in between, seconds. */
const AGAIN_SECONDS = 1;

/** [B §12, §13.5 #9] A search server restores an index only where there is none of its name. */
export function restoreSearchImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<RestoreSearch, Output>(restoreSearch, {
    actions: [],

    async check({ search, snapshot, replaces }) {
      const seen = await observeServer(async () =>
        (await connectSearch(dependencies, search)).snapshot(snapshot.name),
      );
      const parameters = { repository: search.repository, snapshot: snapshot.name, indices: search.index };
      return {
        state: 'needed',
        before: { index: replaces },
        calls: [
          { service: 'search', action: 'DELETE index', target: `${search.url}/${search.index}` },
          { service: 'search', action: 'POST _restore', target: search.url, parameters },
        ],
        // It is built anew instead.
        problems: [],
        output: { shards: snapshot.shards, documents: snapshot.documents ?? 0 },
        ...(seen.state === 'known' ? {} : { notes: [`the snapshot is not seen now: ${seen.reason}`] }),
      };
    },

    async run(input) {
      const client = await connectSearch(dependencies, input.search);
      const { name } = input.snapshot;
      // Before anything is deleted.
      if (!isWhole(await client.snapshot(name), input.search.index))
        throw terminal(`${input.search.url} does not hold the snapshot ${name} as a whole any more`);
      const move = await decide(client, input);
      if (move === 'remove') await client.deleteIndex();
      if (move !== 'adopt' && !(await client.beginRestore(name)))
        throw notYet(
          `an index ${input.search.index} was made meanwhile, and is deleted again`,
          AGAIN_SECONDS,
        );
      return { shards: input.snapshot.shards, documents: input.snapshot.documents ?? 0 };
    },

    async verify({ search, snapshot }, _output, context) {
      const client = await connectSearch(dependencies, search);
      if ((await client.index()) === null)
        throw terminal(`the index ${search.index} is gone: somebody has deleted it while it was restored`);
      const [recoveries, shards] = await Promise.all([client.recoveries(), client.shards()]);
      const { done, total, failed } = progressOf(recoveries, shards, snapshot.name);
      if (failed)
        throw terminal(`not all shards of ${search.index} could be restored: look at the server's log`);
      if (total === 0 || done < total)
        throw lookAgain(`${done} of ${total} shards of ${search.index} are restored`, context);
      const documents = await client.countDocuments();
      if (documents === 0 && (snapshot.documents ?? 0) > 0)
        throw terminal(
          `${search.index} is empty; there were ${snapshot.documents ?? 0} documents at the backup`,
        );
      return {
        output: { shards: done, documents },
        facts: { index: search.index, snapshot: snapshot.name, shards: done, documents },
      };
    },
  });
}

async function decide(client: SearchClient, { search, snapshot, replaces }: RestoreSearch) {
  const present = await client.index();
  if (present !== null && present.name !== search.index) {
    throw needsPerson(
      `${search.index} is an alias of ${present.name} at ${search.url}. Name the index itself: search.index of the site`,
    );
  }
  const [recoveries, shards] =
    present === null ? [[], []] : await Promise.all([client.recoveries(), client.shards()]);
  return nextMove({ present, replaces, recoveries, shards }, snapshot.name);
}
