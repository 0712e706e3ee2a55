import type { Estate } from '../estate/schema';
import type { KitActivities } from '../workflows/runbook/admission';
import { awsImplementations } from './aws';
import { bitbucketImplementations } from './bitbucket';
import type { Dependencies } from './dependencies';
import { dnsImplementations } from './dns';
import { hostsImplementations } from './hosts';
import type { Implementation } from './implement';
import { admit } from './runbook/admit';
import { observeHoldersImplementation } from './runbook/observe-holders';
import { LeaseKeeper } from './runbook/lease';
import { notify } from './runbook/notify';
import { searchImplementations } from './search';
import { verifyProof } from './runbook/verify-proof';
import { registerImplementations } from './runbook/register';
import type { Activity } from './runbook/register';

/** Every step and observation that this code can carry out. */
export function allImplementations(dependencies: Dependencies): readonly Implementation[] {
  return [
    ...[
      awsImplementations,
      bitbucketImplementations,
      dnsImplementations,
      hostsImplementations,
      searchImplementations,
    ].flatMap((make) => make(dependencies)),
    observeHoldersImplementation(),
  ];
}

/**
 * What the worker serves: the kit's own activities and those of every step.
 * @param loadEstate reads the estate at each admission, so that a change needs no restart
 */
export function createActivities(
  dependencies: Dependencies,
  loadEstate: () => Estate,
): KitActivities & Record<string, Activity> {
  const lease = new LeaseKeeper();
  const kit: KitActivities = {
    admit: (request) => admit(loadEstate, request),
    acquireLease: (request) => lease.acquire(request),
    releaseLease: (request) => lease.release(request),
    verifyProof,
    notify: (notice) => notify(dependencies.secrets, notice),
  };
  return { ...registerImplementations(allImplementations(dependencies), lease), ...kit } as KitActivities &
    Record<string, Activity>;
}
