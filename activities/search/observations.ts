import type { Observed } from '../../workflows/runbook/observed';
import { searchSnapshotName } from '../../workflows/plan/backup/name';
import { listSearchSnapshots, observeSearch } from '../../workflows/steps/search';
import type { ListedSnapshot, SearchState } from '../../workflows/steps/search';
import type { SearchServer } from '../../workflows/plan/instance';
import type { Dependencies } from '../dependencies';
import { implementObservation } from '../implement';
import type { ObservationImplementation } from '../implement';
import { isWhole } from './restore-rules';
import { connectSearch } from './connect';
import { observeServer } from './observe';
import { backupOf, isOfInstance, regionOf } from './ownership';

export function observeSearchImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation<{ search: SearchServer; name: string }, Observed<SearchState>>(
    observeSearch,
    [],
    ({ search, name }) =>
      observeServer(async () => {
        const client = await connectSearch(dependencies, search);
        const [snapshot, index] = await Promise.all([client.snapshot(name), client.index()]);
        return { held: isWhole(snapshot, search.index), indexId: index?.id ?? null };
      }),
  );
}

/** Also of other instances there may be some whose names begin alike. */
export function listSearchSnapshotsImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation<{ search: SearchServer }, Observed<readonly ListedSnapshot[]>>(
    listSearchSnapshots,
    [],
    ({ search }, { instance }) =>
      observeServer(async () => {
        const client = await connectSearch(dependencies, search);
        const found = await client.snapshots(`${searchSnapshotName(`${instance}-`)}*`);
        return found
          .filter((snapshot) => isOfInstance(snapshot, instance))
          .map((snapshot) => ({
            ...{ name: snapshot.name, startedAt: snapshot.startedAt },
            ...{ backup: backupOf(snapshot), region: regionOf(snapshot) },
          }));
      }),
  );
}
