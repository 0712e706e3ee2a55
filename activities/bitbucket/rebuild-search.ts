import { isLater } from '../../workflows/runbook/later';
import { rebuildSearch } from '../../workflows/steps/service';
import type { RebuildSearch } from '../../workflows/steps/service';
import type { Dependencies } from '../dependencies';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { findSecretProblems, resolveLogin } from '../secrets/login';
import { BitbucketClient } from './client';

/** [B §8] Starts the rebuild; it degrades search only, takes hours to days, and is not waited for. */
export function rebuildSearchImplementation({ secrets }: Dependencies): StepImplementation {
  const clientOf = async ({ url, administrator }: RebuildSearch): Promise<BitbucketClient> =>
    new BitbucketClient({ baseUrl: url, credentials: await resolveLogin(secrets, administrator) });
  return implementStep<RebuildSearch, { readonly status: string }>(rebuildSearch, {
    actions: [],

    async check(input) {
      const problems = await findSecretProblems(secrets, [input.administrator]);
      const now =
        problems.length > 0 || isLater(input.url) ? undefined : await statusNow(await clientOf(input));
      const done = now?.status === 'INDEXING';
      return {
        state: done ? 'done' : 'needed',
        before: { status: now?.status ?? null },
        calls: done
          ? []
          : [{ service: 'bitbucket', action: 'POST /rest/indexing/latest/sync', target: input.url }],
        problems,
        output: { status: now?.status ?? 'INDEXING' },
        undo: 'nothing: a rebuild cannot be called back, and it harms nothing',
        ...(now?.reason === undefined
          ? {}
          : { notes: [`the state of the index is not known now: ${now.reason}`] }),
      };
    },

    async run(input) {
      const client = await clientOf(input);
      // A second start would begin from the front again.
      if ((await client.indexingStatus()) !== 'INDEXING') await client.startIndexing();
      return { status: await client.indexingStatus() };
    },

    async verify(input) {
      const status = await (await clientOf(input)).indexingStatus();
      return { output: { status }, facts: { status } };
    },

    async undo() {
      return { changed: false, facts: { rebuild: 'goes on by itself' } };
    },
  });
}

async function statusNow(
  client: BitbucketClient,
): Promise<{ readonly status?: string; readonly reason?: string }> {
  try {
    return { status: await client.indexingStatus() };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
