import { SearchServer } from '../search/search-server';
import type { LabDirectory } from './directory';
import type { Disposers } from './disposers';
import { PROJECTS, SEARCH } from './layout';
import { REGIONS } from './network';
import type { LabNetwork } from './network';
import { USERS } from './secrets';
import type { LabPasswords } from './secrets';
import type { WorldClock } from './world-clock';

export type SiteSearch = Readonly<Record<'primary' | 'standby', SearchServer>>;

interface SearchParts {
  readonly network: LabNetwork;
  readonly directory: LabDirectory;
  readonly clock: WorldClock;
  readonly passwords: LabPasswords;
}

/** A search server for each site; the primary's index knows every repository. */
export async function startSearch(parts: SearchParts, disposers: Disposers): Promise<SiteSearch> {
  const [primary, standby] = await Promise.all([
    startOne(parts, 'primary', disposers),
    startOne(parts, 'standby', disposers),
  ]);
  const documents = PROJECTS.flatMap(({ key, repositories }) => repositories.map((slug) => `${key}/${slug}`));
  primary.store.put(SEARCH.index, documents);
  standby.store.put(SEARCH.index, []);
  return { primary, standby };
}

async function startOne(
  { network, directory, clock, passwords }: SearchParts,
  site: keyof SiteSearch,
  disposers: Disposers,
): Promise<SearchServer> {
  const server = await SearchServer.start({
    address: network.allocate(REGIONS[site]),
    port: SEARCH.port,
    directory: directory.run(`search-${site}`),
    login: { username: USERS.search, password: passwords.SEARCH_PASSWORD },
    now: () => clock.now(),
  });
  disposers.add(`search of ${site}`, () => server.stop());
  server.store.addRepository(SEARCH.repository);
  return server;
}
