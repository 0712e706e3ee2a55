import type { DnsRecord } from '../plan/instance';
import { defineObservation } from '../runbook/step';

export interface ProbeService {
  readonly url: string;
  readonly dns: DnsRecord;
  /** How many probes, one after the other. */
  readonly probes: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
}

export interface ServiceProbe {
  readonly at: string;
  /** Address that the name resolved to; null if it did not. */
  readonly address: string | null;
  /** State in the body of `/status`, `none` without an answer, `other` for an answer that is not Bitbucket's. */
  readonly state: string;
  readonly httpStatus: number | null;
  readonly detail: string;
}

export interface ServiceProbes {
  readonly probes: readonly ServiceProbe[];
  /** The number of bad probes at the end of the series; RUNNING and MAINTENANCE are good. */
  readonly consecutiveFailures: number;
}

/** Asks `/status` through the public name, as a user's client would. */
export const probeService = defineObservation<ProbeService, ServiceProbes>({
  name: 'probeService',
  title: 'Ask the service through its public name',
  deadlineSeconds: 120,
});
