import type { DnsRecord } from '../plan/instance';
import type { Observed } from '../runbook/observed';
import { defineObservation } from '../runbook/step';

export interface RecordTarget {
  /** Target of the CNAME, without the trailing dot; null when there is none. */
  readonly target: Observed<string | null>;
}

/** Where the public name points to, by the zone itself rather than by a resolver's memory. */
export const observeRecord = defineObservation<DnsRecord, RecordTarget>({
  name: 'observeRecord',
  title: 'Look where the public name points to',
  deadlineSeconds: 120,
});
