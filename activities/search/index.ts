import type { Dependencies } from '../dependencies';
import type { Implementation } from '../implement';
import { captureSearchImplementation } from './capture-search';
import { completeSearchImplementation } from './complete-search';
import { deleteSearchSnapshotImplementation } from './delete-search-snapshot';
import { keepSearchImplementation } from './keep-search';
import { listSearchSnapshotsImplementation, observeSearchImplementation } from './observations';
import { restoreSearchImplementation } from './restore-search';

/** Steps and observations that talk to the search server of a site. */
export function searchImplementations(dependencies: Dependencies): Implementation[] {
  return [
    captureSearchImplementation(dependencies),
    completeSearchImplementation(dependencies),
    keepSearchImplementation(dependencies),
    observeSearchImplementation(dependencies),
    restoreSearchImplementation(dependencies),
    listSearchSnapshotsImplementation(dependencies),
    deleteSearchSnapshotImplementation(dependencies),
  ];
}
