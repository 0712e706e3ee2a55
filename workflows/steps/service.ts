import type { Credentials, DnsRecord, Mirror } from '../plan/instance';
import { defineStep } from '../runbook/step';

export interface SmokeTest {
  /** Base URL of one node or of the load balancer, asked directly, not through the public name. */
  readonly url: string;
  readonly probe: Credentials;
  readonly administrator: Credentials;
  readonly repository: { readonly project: string; readonly slug: string };
  /** The whole copy is thrown away: what was pushed goes with it, and needs no undo of its own. */
  readonly discarded?: boolean | undefined;
}

export interface SmokeTested {
  readonly commit: string;
  readonly version: string;
}

/**
 * Signs in, clones the probe repository, and pushes a branch named after the run to it. Nothing else is written.
 * Undo deletes the branch.
 */
export const smokeTest = defineStep<SmokeTest, SmokeTested>({
  name: 'smokeTest',
  title: 'Sign in, clone and push to the probe repository',
  risk: 'reversible',
  deadlineSeconds: 600,
  expectedSeconds: 15,
});

export interface SwitchDns {
  readonly dns: DnsRecord;
  /** DNS name of the load balancer that the record shall point to. */
  readonly target: string;
}

/**
 * UPSERTs the CNAME with the estate's TTL, waits until the change is INSYNC and until every resolver answers with the
 * new target, twice the TTL at most. From here users write to the new site.
 */
export const switchDns = defineStep<
  SwitchDns,
  { readonly previous: string | null; readonly resolvers: number }
>({
  name: 'switchDns',
  title: 'Point the service name at the standby site',
  risk: 'pointOfNoReturn',
  deadlineSeconds: 900,
  expectedSeconds: 180,
});

export interface RebuildSearch {
  readonly url: string;
  readonly administrator: Credentials;
}

/** Starts the rebuild of the search index; it goes on by itself for hours and is not waited for [B §8]. */
export const rebuildSearch = defineStep<RebuildSearch, { readonly status: string }>({
  name: 'rebuildSearch',
  title: 'Start rebuilding the search index',
  risk: 'reversible',
  deadlineSeconds: 300,
  expectedSeconds: 10,
});

export interface CheckMirrors {
  readonly url: string;
  readonly administrator: Credentials;
  readonly mirrors: readonly Mirror[];
}

/** Each mirror of the estate is listed by the new primary and enabled; what is not is reported as degraded. */
export const checkMirrors = defineStep<
  CheckMirrors,
  { readonly mirrors: readonly { readonly name: string; readonly state: string }[] }
>({
  name: 'checkMirrors',
  title: 'Look at the mirrors',
  risk: 'readOnly',
  deadlineSeconds: 300,
  expectedSeconds: 10,
});

export interface VerifyService {
  readonly url: string;
  readonly dns: DnsRecord;
  readonly region: string;
  readonly autoScalingGroup: string;
  readonly port: number;
  readonly count: number;
  readonly probe: Credentials;
  readonly administrator: Credentials;
  readonly repository: { readonly project: string; readonly slug: string };
}

/**
 * The service as users meet it: the public name leads to this site, `/status` RUNNING on every node and through the
 * name, the same cluster seen from every node, a clone and a push through the name, search answering.
 */
export const verifyService = defineStep<VerifyService, { readonly nodes: number; readonly version: string }>({
  name: 'verifyService',
  title: 'Verify the service as users meet it',
  risk: 'readOnly',
  deadlineSeconds: 1200,
  expectedSeconds: 20,
});
