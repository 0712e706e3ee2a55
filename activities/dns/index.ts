import type { Dependencies } from '../dependencies';
import type { Implementation } from '../implement';
import { observeRecordImplementation } from './observe-record';
import { switchDnsImplementation } from './switch-dns';

/** Steps about the name that users type. */
export function dnsImplementations(dependencies: Dependencies): Implementation[] {
  return [switchDnsImplementation(dependencies), observeRecordImplementation(dependencies)];
}
