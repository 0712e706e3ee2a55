import { existsSync, readFileSync } from 'node:fs';

import type { Compute } from '../compute/create-compute';
import type { DatabaseFleet } from '../databases/database-fleet';
import { Emulator } from '../gateway/emulator';
import type { Gateway } from '../gateway/gateway';
import type { LedgerEntry } from '../gateway/ledger';
import { children, text } from '../gateway/reply';
import type { XmlNode } from '../gateway/reply';
import type { HostFleet } from '../hosts/host-fleet';
import type { LabAws } from './aws';
import type { BuiltPlace } from './lab-estate';
import { HOME_DEVICE, SITES } from './layout';
import { callsToFencedSite, madeTwice } from './ledger-rules';
import type { MadeByRun } from './ledger-rules';
import { REGIONS } from './network';
import type { SiteProbe } from './site-probe';
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeVolumesCommand } from '@aws-sdk/client-ec2';

export interface InvariantParts {
  readonly gateway: Gateway;
  readonly emulatorUrl: string;
  readonly compute: Compute;
  readonly hosts: HostFleet;
  readonly databases: DatabaseFleet;
  /** Where backups are tried out, in a world that has it. */
  readonly drill: BuiltPlace | undefined;
  readonly aws: Readonly<Record<'primary' | 'standby', LabAws>>;
  readonly violationsFile: string;
  /** What was seen in passing: two writers at once, or a failure of the lab itself. */
  readonly seen: () => readonly string[];
  readonly probe: () => Promise<Readonly<Record<'primary' | 'standby', SiteProbe>>>;
  readonly isLabs: (entry: LedgerEntry) => boolean;
}

export interface InvariantReport {
  /** Every invariant that was looked at. */
  readonly checked: readonly string[];
  /** One line for each breach, beginning with the invariant's name. */
  readonly violations: readonly string[];
}

type Rule = (parts: InvariantParts) => Promise<readonly string[]> | readonly string[];

/** Hold at every moment. */
const ALWAYS: Readonly<Record<string, Rule>> = {
  'never two sites accepting writes, and the lab works': ({ seen }) => seen(),
  'no mutating call to a fenced site': ({ gateway, isLabs }) =>
    callsToFencedSite(gateway.ledger.entries(), { one: REGIONS.primary, other: REGIONS.standby }, isLabs),
  'every call was answered as AWS would': ({ gateway }) =>
    gateway.failures().map(({ service, action, detail }) => `${service} ${action}: ${detail.slice(0, 300)}`),
  'never two clusters on one home': ({ violationsFile }) =>
    existsSync(violationsFile) ? readFileSync(violationsFile, 'utf8').split('\n').filter(Boolean) : [],
  'nothing created twice': async (parts) => madeTwice(await madeByRuns(parts)),
};

/** Hold while no run is in the middle of something. */
const AT_REST: Readonly<Record<string, Rule>> = {
  'nothing left frozen': ({ hosts }) =>
    hosts.frozen().map(({ instanceId, mountPoint }) => `${mountPoint} of ${instanceId} is frozen`),
  'nothing left locked': async ({ probe }) =>
    Object.entries(await probe()).flatMap(([site, { nodes }]) =>
      nodes.filter(({ state }) => state === 'MAINTENANCE').map(({ id }) => `node ${id} of ${site} is locked`),
    ),
  'nothing left suspended on the serving site': suspended,
  'every node of the serving site is in its load balancer': outOfBalancer,
  'nothing left at the drill site': leftAtDrill,
  'no orphan volume or snapshot': async (parts) => (await madeByRuns(parts)).filter(isOrphan).map(describe),
};

/** @param atRest false while a run is under way: then only what holds at every moment is checked */
export async function checkInvariants(parts: InvariantParts, atRest: boolean): Promise<InvariantReport> {
  const rules = Object.entries(atRest ? { ...ALWAYS, ...AT_REST } : ALWAYS);
  const violations = await Promise.all(
    rules.map(async ([name, rule]) => (await rule(parts)).map((detail) => `${name}: ${detail}`)),
  );
  return { checked: rules.map(([name]) => name), violations: violations.flat() };
}

async function suspended({ aws, probe }: InvariantParts): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [name, { acceptsWrites }] of Object.entries(await probe())) {
    if (!acceptsWrites) continue;
    const site = name === 'primary' ? 'primary' : 'standby';
    const group = SITES[site].autoScalingGroup;
    const described = await aws[site].autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
      { abortSignal: AbortSignal.timeout(5000) },
    );
    const processes = described.AutoScalingGroups?.[0]?.SuspendedProcesses ?? [];
    for (const { ProcessName } of processes) found.push(`${ProcessName ?? '?'} of ${group}`);
  }
  return found;
}

async function outOfBalancer({ compute, hosts, probe }: InvariantParts): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [name, { acceptsWrites }] of Object.entries(await probe())) {
    if (!acceptsWrites) continue;
    const layout = SITES[name === 'primary' ? 'primary' : 'standby'];
    const members = compute.balancers.get(layout.region, layout.loadBalancer)?.members;
    for (const host of hosts.hosts()) {
      if (host.role !== 'node' || host.group !== layout.autoScalingGroup || !host.up) continue;
      if (members?.get(host.instanceId) === undefined)
        found.push(`${host.instanceId} is not in ${layout.loadBalancer}`);
    }
  }
  return found;
}

/** Nodes, a database and its cluster, volumes, an export: a trial has to take away all that it brought. */
async function leftAtDrill({ drill, hosts, databases, aws }: InvariantParts): Promise<readonly string[]> {
  if (drill === undefined) return [];
  const { layout, fileServerId } = drill;
  const { Volumes = [] } = await aws.standby.ec2.send(
    new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: [fileServerId] }] }),
  );
  const homes = Volumes.filter(({ Attachments = [] }) => Attachments[0]?.Device === HOME_DEVICE);
  const nodes = hosts.hosts().filter((host) => host.group === layout.autoScalingGroup);
  const etab = hosts.exportFile(fileServerId);
  const exports = existsSync(etab) ? readFileSync(etab, 'utf8').trim() : '';
  return [
    ...nodes.map(({ instanceId }) => `node ${instanceId}`),
    ...homes.map(({ VolumeId = '?' }) => `volume ${VolumeId}`),
    ...(databases.endpoint(layout.region, layout.databaseId) === undefined
      ? []
      : [`database ${layout.databaseId}`]),
    ...(databases.hasCluster(layout.region, layout.databaseCluster)
      ? [`cluster ${layout.databaseCluster}`]
      : []),
    ...(exports === '' ? [] : [`export ${exports}`]),
  ];
}

interface MadeWithState extends MadeByRun {
  readonly state: string;
}

/** Volumes and snapshots that carry a run's tag, asked past the gateway: an outage must not hide them. */
async function madeByRuns({ emulatorUrl }: InvariantParts): Promise<readonly MadeWithState[]> {
  const emulator = new Emulator(emulatorUrl);
  const filter = { 'Filter.1.Name': 'tag-key', 'Filter.1.Value.1': 'runbooks:run' };
  const kinds = [
    { kind: 'volume', action: 'DescribeVolumes', set: 'volumeSet', id: 'volumeId' },
    { kind: 'snapshot', action: 'DescribeSnapshots', set: 'snapshotSet', id: 'snapshotId' },
  ];
  try {
    const all = await Promise.all(
      Object.values(REGIONS).flatMap((region) =>
        kinds.map(async ({ kind, action, set, id }) => {
          const reply = await emulator.query({ service: 'ec2', region }, action, filter);
          return children(reply, set, 'item').map((item) => ({
            kind,
            region,
            id: text(item, id),
            state: text(item, 'status'),
            tags: tagsOf(item),
          }));
        }),
      ),
    );
    return all.flat();
  } finally {
    emulator.stop();
  }
}

function tagsOf(item: XmlNode): Readonly<Record<string, string>> {
  return Object.fromEntries(
    children(item, 'tagSet', 'item').map((tag) => [text(tag, 'key'), text(tag, 'value')]),
  );
}

/** A volume that is attached to nothing and was not kept on purpose, or a snapshot that belongs to no backup. */
function isOrphan({ kind, state, tags }: MadeWithState): boolean {
  if (kind === 'snapshot') return tags['runbooks:backup'] === undefined;
  // What a restore has replaced is kept until people accept what took its place [B §13.5 #14].
  return state === 'available' && tags['runbooks:replaced-by'] === undefined;
}

function describe({ kind, id, region, state, tags }: MadeWithState): string {
  return `${kind} ${id} in ${region} (${state}) of ${tags['runbooks:run'] ?? '?'}`;
}
