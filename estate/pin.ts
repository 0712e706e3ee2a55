import { nearest } from './nearest';
import type { GateApproval, GatePolicy, Person, PolicySettings } from './policy';
import type { PolicyFile, PolicyOverride } from './policy-schema';
import type { Estate } from './schema';

type InstanceEntry = NonNullable<Estate['instances'][string]>;
type SiteEntry = NonNullable<InstanceEntry['sites'][string]>;
type BackupEntry = NonNullable<InstanceEntry['backup']>;
type DrillEntry = NonNullable<BackupEntry['drill']>;
type VolumeEntry = NonNullable<SiteEntry['fileServer']['volumes'][string]>;

/** An instance as runbooks use it: what the file gives by name is a list with names. */
export interface PinnedInstance extends Omit<
  InstanceEntry,
  'sites' | 'mirrors' | 'policy' | 'schedules' | 'backup'
> {
  readonly name: string;
  readonly sites: readonly PinnedSite[];
  readonly mirrors: readonly { readonly name: string; readonly url: string }[];
  readonly backup?: Omit<BackupEntry, 'drill'> & { readonly drill?: PinnedDrill | undefined };
}

type PinnedFileServer = Omit<SiteEntry['fileServer'], 'volumes'> & {
  readonly volumes: readonly (VolumeEntry & { readonly name: string })[];
};

interface PinnedSite extends Omit<SiteEntry, 'fileServer'> {
  readonly name: string;
  readonly fileServer: PinnedFileServer;
}

interface PinnedDrill extends Omit<DrillEntry, 'fileServer'> {
  readonly fileServer: PinnedFileServer;
}

/** Everything that a run takes from the estate, at its start, for good. */
export interface Pinned {
  readonly instance: PinnedInstance;
  readonly people: readonly Person[];
  readonly policy: PolicySettings;
}

/**
 * One instance with the people and its policy: plain JSON, references instead of secrets.
 * @throws Error that lists the known instances when there is none of this name
 */
export function pinInstance(estate: Estate, name: string): Pinned {
  const entry = Object.hasOwn(estate.instances, name) ? estate.instances[name] : undefined;
  if (entry === undefined) throw new Error(unknownInstance(name, Object.keys(estate.instances)));
  // A run has nothing to do with what starts others.
  const { sites, mirrors, policy, schedules: _schedules, backup, ...rest } = entry;
  return {
    instance: {
      name,
      ...rest,
      sites: named(sites).map(withVolumes),
      mirrors: named(mirrors),
      ...(backup === undefined ? {} : { backup: pinBackup(backup) }),
    },
    people: estate.people,
    policy: settingsOf(overridePolicy(estate.policy, policy)),
  };
}

function pinBackup({ drill, ...backup }: BackupEntry): NonNullable<PinnedInstance['backup']> {
  return { ...backup, ...(drill === undefined ? {} : { drill: withVolumes(drill) }) };
}

function withVolumes<T extends { readonly fileServer: SiteEntry['fileServer'] }>(
  place: T,
): Omit<T, 'fileServer'> & { readonly fileServer: PinnedFileServer } {
  const { fileServer, ...rest } = place;
  return { ...rest, fileServer: { ...fileServer, volumes: named(fileServer.volumes) } };
}

/** People and policy of a run over the whole estate: no instance's own policy counts. */
export function pinEstate(estate: Estate): Omit<Pinned, 'instance'> {
  return { people: estate.people, policy: settingsOf(estate.policy) };
}

function unknownInstance(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  return `no instance "${name}" in the estate.${hint} Known: ${known.join(', ')}.`;
}

function named<T extends object>(members: Readonly<Record<string, T>>): (T & { readonly name: string })[] {
  return Object.entries(members).map(([name, member]) => ({ name, ...member }));
}

/** The instance's policy over the general one. Gates and steps are replaced one by one, each as a whole. */
function overridePolicy(general: PolicyFile, own: PolicyOverride | undefined): PolicyFile {
  if (own === undefined) return general;
  return {
    gates: { ...general.gates, ...own.gates },
    failures: {
      ...over(general.failures, own.failures),
      steps: { ...general.failures.steps, ...own.failures?.steps },
    },
    dataLoss: over(general.dataLoss, own.dataLoss),
    detection: over(general.detection, own.detection),
    polling: over(general.polling, own.polling),
    expected: { ...general.expected, ...own.expected },
    deadlines: { ...general.deadlines, ...own.deadlines },
    antiFlap: over(general.antiFlap, own.antiFlap),
    lease: over(general.lease, own.lease),
    signatures: over(general.signatures, own.signatures),
    worker: over(general.worker, own.worker),
    failover: over(general.failover, own.failover),
    backup: {
      ...over(general.backup, { ...own.backup, retention: undefined }),
      retention: over(general.backup.retention, own.backup?.retention),
    },
    restore: over(general.restore, own.restore),
    verify: over(general.verify, own.verify),
    fleet: general.fleet,
    // An instance's own freezes come on top: what is frozen for all stays so.
    freezes: [...general.freezes, ...(own.freezes ?? [])],
    notifications: own.notifications ?? general.notifications,
  };
}

function over<T extends object>(
  general: T,
  own: { readonly [K in keyof T]?: T[K] | undefined } | undefined,
): T {
  const given = Object.entries(own ?? {}).filter(([, value]) => value !== undefined);
  return { ...general, ...(Object.fromEntries(given) as Partial<T>) };
}

function settingsOf(file: PolicyFile): PolicySettings {
  const { failures, dataLoss, detection, polling, antiFlap, lease, signatures, worker, backup } = file;
  return {
    gates: Object.fromEntries(Object.entries(file.gates).map(([name, gate]) => [name, gateOf(gate)])),
    failures: {
      default: failures.default,
      decisionTimeoutSeconds: failures.decisionTimeout,
      steps: failures.steps,
      identity: failures.identity,
      ...escalationOf(failures.escalate),
    },
    dataLoss: { databaseSeconds: dataLoss.database, homeSeconds: dataLoss.home },
    detection: {
      probes: detection.probes,
      intervalSeconds: detection.interval,
      timeoutSeconds: detection.timeout,
    },
    polling: { fastestSeconds: polling.fastest, slowestSeconds: polling.slowest },
    expected: file.expected,
    deadlines: file.deadlines,
    antiFlap: { windowSeconds: antiFlap.window },
    lease: { whenBusy: lease.whenBusy, waitSeconds: lease.wait, preemptSeconds: lease.preempt },
    freezes: file.freezes,
    notifications: file.notifications,
    signatures: { lifetimeSeconds: signatures.lifetime, clockSkewSeconds: signatures.clockSkew },
    worker: { deadAfterSeconds: worker.deadAfter },
    failover: file.failover,
    backup: {
      mode: backup.mode,
      drainSeconds: backup.drainTimeout,
      lockSeconds: backup.lockLimit,
      freezeLimitSeconds: backup.freezeLimit,
      maxSkewSeconds: backup.maxSkew,
      ...(backup.snapshotLock === undefined ? {} : { snapshotLock: lockOf(backup.snapshotLock) }),
      retention: backup.retention,
    },
    restore: {
      keepReplacedSeconds: file.restore.keepReplaced,
      keepBesideSeconds: file.restore.keepBeside,
    },
    verify: {
      limitSeconds: file.verify.limit,
      sample: file.verify.sample,
      clones: file.verify.clones,
    },
    fleet: file.fleet,
  };
}

function lockOf({ mode, duration, coolOff }: NonNullable<PolicyFile['backup']['snapshotLock']>) {
  return { mode, seconds: duration, coolOffHours: coolOff === undefined ? null : coolOff / 3600 };
}

function gateOf(gate: PolicyFile['gates'][string]): GatePolicy {
  if (gate === 'auto') return gate;
  const { timeout, approvalLifetime, escalate, ...rest } = gate;
  return {
    ...rest,
    timeoutSeconds: timeout,
    ...escalationOf(escalate),
    approvalLifetimeSeconds: approvalLifetime,
  } satisfies GateApproval;
}

function escalationOf(given: PolicyFile['failures']['escalate']): Pick<GateApproval, 'escalate'> {
  return given === undefined ? {} : { escalate: { afterSeconds: given.after, roles: given.roles } };
}
