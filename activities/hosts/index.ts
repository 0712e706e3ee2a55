import type { Dependencies } from '../dependencies';
import type { Implementation } from '../implement';
import { checkRepositoriesImplementation } from './check-repositories';
import { compareRowsImplementation } from './compare-rows';
import { countLostPushesImplementation } from './count-lost-pushes';
import { fenceHomeImplementation } from './fence-home';
import { mountHomeImplementation } from './mount-home';
import { proveFenceImplementation } from './prove-fence';
import { unmountFormerHomeImplementation } from './unmount-former-home';
import { unmountHomeImplementation } from './unmount-home';

/** Steps and observations that are carried out on the machines themselves. */
export function hostsImplementations(dependencies: Dependencies): Implementation[] {
  return [
    fenceHomeImplementation(dependencies),
    proveFenceImplementation(dependencies),
    unmountHomeImplementation(dependencies),
    unmountFormerHomeImplementation(dependencies),
    mountHomeImplementation(dependencies),
    countLostPushesImplementation(dependencies),
    compareRowsImplementation(dependencies),
    checkRepositoriesImplementation(dependencies),
  ];
}
