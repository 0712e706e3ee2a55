import type { Dependencies } from '../dependencies';
import type { Implementation } from '../implement';
import { checkMirrorsImplementation } from './check-mirrors';
import { cloneRepositoriesImplementation } from './clone-repositories';
import { compareWithBackupImplementation } from './compare-with-backup';
import { drainBitbucketImplementation } from './drain-bitbucket';
import { lockBitbucketImplementation } from './lock-bitbucket';
import { observeProductImplementation } from './observe-product';
import { probeServiceImplementation } from './probe-service';
import { rebuildSearchImplementation } from './rebuild-search';
import { smokeTestImplementation } from './smoke-test';
import { unlockBitbucketImplementation } from './unlock-bitbucket';
import { verifyServiceImplementation } from './verify-service';

/** Steps and observations that talk to Bitbucket itself. */
export function bitbucketImplementations(dependencies: Dependencies): Implementation[] {
  return [
    probeServiceImplementation(),
    smokeTestImplementation(dependencies),
    rebuildSearchImplementation(dependencies),
    checkMirrorsImplementation(dependencies),
    verifyServiceImplementation(dependencies),
    observeProductImplementation(dependencies),
    compareWithBackupImplementation(dependencies),
    cloneRepositoriesImplementation(dependencies),
    lockBitbucketImplementation(dependencies),
    drainBitbucketImplementation(dependencies),
    unlockBitbucketImplementation(dependencies),
  ];
}
