import type { Dependencies } from '../dependencies';
import type { Implementation } from '../implement';
import { checkMirrorsImplementation } from './check-mirrors';
import { probeServiceImplementation } from './probe-service';
import { rebuildSearchImplementation } from './rebuild-search';
import { smokeTestImplementation } from './smoke-test';
import { verifyServiceImplementation } from './verify-service';

/** Steps and observations that talk to Bitbucket itself. */
export function bitbucketImplementations(dependencies: Dependencies): Implementation[] {
  return [
    probeServiceImplementation(),
    smokeTestImplementation(dependencies),
    rebuildSearchImplementation(dependencies),
    checkMirrorsImplementation(dependencies),
    verifyServiceImplementation(dependencies),
  ];
}
