import { deleteSearchSnapshot } from '../../workflows/steps/search';
import type { DeleteSearchSnapshot } from '../../workflows/steps/search';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { terminal } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { connectSearch } from './connect';
import { observeServer } from './observe';
import { isOfInstance } from './ownership';

/** [B §13.4 #11] What is gone is gone; what does not say that it belongs to this instance stays. */
export function deleteSearchSnapshotImplementation(dependencies: Dependencies): StepImplementation {
  const find = async ({ search, name }: DeleteSearchSnapshot) =>
    (await connectSearch(dependencies, search)).snapshot(name);
  return implementStep<DeleteSearchSnapshot, { readonly name: string }>(deleteSearchSnapshot, {
    actions: [],

    async check(input) {
      const { search, name } = input;
      const seen = await observeServer(() => find(input));
      const gone = seen.state === 'known' && seen.value === null;
      return {
        state: gone ? 'done' : 'needed',
        before: { snapshot: seen.state === 'known' ? (seen.value?.state ?? null) : seen.state },
        calls: gone
          ? []
          : [
              {
                ...{ service: 'search', action: 'DELETE _snapshot', target: search.url },
                parameters: { repository: search.repository, snapshot: name },
              },
            ],
        // No pair stays because of it.
        problems: [],
        output: { name },
        ...(seen.state === 'known' ? {} : { notes: [`not seen now: ${seen.reason}`] }),
      };
    },

    async run(input, { instance }) {
      const { search, name } = input;
      const snapshot = await find(input);
      if (snapshot === null) return { name };
      if (!isOfInstance(snapshot, instance))
        throw terminal(
          `the snapshot ${name} of the search index does not say that it is ${instance}'s: it stays`,
        );
      await (await connectSearch(dependencies, search)).deleteSnapshot(name);
      return { name };
    },

    async verify(input, _output, context) {
      const snapshot = await find(input);
      if (snapshot !== null)
        throw lookAgain(`the snapshot ${input.name} is still there: ${snapshot.state}`, context);
      return { output: { name: input.name }, facts: { deleted: input.name } };
    },
  });
}
