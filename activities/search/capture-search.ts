import type { CaptureSearch, CapturedSearch } from '../../workflows/steps/search';
import { captureSearch } from '../../workflows/steps/search';
import type { StepContext } from '../../workflows/runbook/step';
import { attemptNumber } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { needsPerson, terminal } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import type { SearchClient } from './client';
import { connectSearch } from './connect';
import { messageOf, observeServer } from './observe';
import { isOurs, ownMetadata, requireOurs } from './ownership';

/** So often an undo asks a silent server: what is undone after it, a lock among it, must not wait for that. */
const UNDO_ATTEMPTS = 3;

/** [B §12] Under the backup's name, with metadata that says whose it is, and found again by both. */
export function captureSearchImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<CaptureSearch, CapturedSearch>(captureSearch, {
    actions: [],

    async check(input, context) {
      const { search, name } = input;
      const seen = await observeServer(() => look(dependencies, input));
      const snapshot = seen.state === 'known' ? seen.value.snapshot : null;
      const begun = snapshot !== null && isOurs(snapshot, context);
      return {
        state: begun ? 'done' : 'needed',
        before: { snapshot: snapshot?.state ?? null },
        calls: begun
          ? []
          : [
              {
                ...{ service: 'search', action: 'PUT _snapshot', target: search.url },
                parameters: { repository: search.repository, snapshot: name, indices: search.index },
              },
            ],
        // The backup is worth as much without: what is wrong is told, and nothing is refused.
        problems: [],
        output: { name, documents: seen.state === 'known' ? seen.value.documents : null },
        undo: 'delete the snapshot',
        notes: [
          ...(seen.state === 'known' ? [] : [`the search index would not be in the backup: ${seen.reason}`]),
          ...(snapshot !== null && !begun ? [`there is a snapshot ${name} that this run did not make`] : []),
        ],
      };
    },

    async run(input, context) {
      const client = await connectSearch(dependencies, input.search);
      const documents = await countIn(client, input);
      if (await adopt(client, input, context)) return { name: input.name, documents };
      const isNew = await client.beginSnapshot(input.name, ownMetadata(context, input));
      if (!isNew && !(await adopt(client, input, context)))
        throw terminal(`the search server refuses ${input.name} as the name of a snapshot`);
      return { name: input.name, documents };
    },

    async verify(input, output, context) {
      const client = await connectSearch(dependencies, input.search);
      const snapshot = await client.snapshot(input.name);
      if (snapshot === null) throw terminal(`the snapshot ${input.name} of the search index is gone`);
      requireOurs(snapshot, context);
      const { name, state, startedAt } = snapshot;
      return { output: output ?? { name, documents: null }, facts: { snapshot: name, state, startedAt } };
    },

    async undo(input, _former, context) {
      const { name } = input;
      try {
        const client = await connectSearch(dependencies, input.search);
        const snapshot = await client.snapshot(name);
        const changed = snapshot !== null && isOurs(snapshot, context) && (await client.deleteSnapshot(name));
        return { changed, facts: { snapshot: name } };
      } catch (error) {
        if (attemptNumber() < UNDO_ATTEMPTS) throw error;
        return {
          changed: false,
          facts: { snapshot: name, left: messageOf(error) },
          followUp: `Delete the snapshot ${name} from the repository ${input.search.repository} of ${input.search.url}, if it is there.`,
        };
      }
    },
  });
}

async function look(dependencies: Dependencies, input: CaptureSearch) {
  const client = await connectSearch(dependencies, input.search);
  await client.repository();
  return { documents: await countIn(client, input), snapshot: await client.snapshot(input.name) };
}

/** @throws NeedsPerson when what the estate names is no index: nothing could be restored from its snapshot */
async function countIn(client: SearchClient, { search }: CaptureSearch): Promise<number> {
  const index = await client.index();
  if (index === null || index.name !== search.index) {
    throw needsPerson(
      `${search.url} has no index ${search.index}${index === null ? '' : `, but an alias of this name for ${index.name}`}. ` +
        'Correct search.index of the site in the estate',
    );
  }
  return client.countDocuments();
}

/** @returns whether this run has begun it already, in an attempt whose answer was lost */
async function adopt(client: SearchClient, { name }: CaptureSearch, context: StepContext): Promise<boolean> {
  const snapshot = await client.snapshot(name);
  if (snapshot !== null) requireOurs(snapshot, context);
  return snapshot !== null;
}
