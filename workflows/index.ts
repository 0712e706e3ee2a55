/** Every workflow type that the worker serves; the exported name is the type that people type. */
import { setWorkflowOptions } from '@temporalio/workflow';
import { instanceLease } from './instance-lease';

export { drFailover } from './dr-failover';
export { instanceLease };

// A lease outlives every version of the code: where runs are pinned, it must not hold its first version for ever.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, instanceLease);
