import { connectSearch } from '../../activities/search/connect';
import type { Secrets } from '../../estate/secrets';
import type { AwsClients } from '../../activities/aws/clients';
import type { PinnedInstance } from '../../estate/pin';
import { bad, good } from './finding';
import type { Finding } from './finding';

/** Whether each search server answers, has the index, and knows the repository of its snapshots. */
export function examineSearch(
  dependencies: { readonly aws: AwsClients; readonly secrets: Secrets },
  instances: readonly PinnedInstance[],
): readonly Promise<Finding>[] {
  return instances.flatMap(({ name, sites }) =>
    sites.flatMap(({ name: site, search }) => {
      if (search === undefined) return [];
      const label = `search ${name}/${site}`;
      const look = async (): Promise<Finding> => {
        const client = await connectSearch(dependencies, search);
        await client.repository();
        const index = await client.index();
        if (index?.name === search.index)
          return good(label, `${search.url} has ${search.index} and ${search.repository}`);
        return bad(label, `${search.url} has no index ${search.index}`, 'Correct search.index of the site.');
      };
      return [look().catch((error: unknown) => bad(label, error, 'See docs/backup.md, “The search index”.'))];
    }),
  );
}
