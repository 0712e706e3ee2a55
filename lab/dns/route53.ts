import type { AwsCall, AwsReply, Overlay } from '../gateway/overlay';
import { restXmlReply } from '../gateway/reply';
import { AwsFault } from '../gateway/overlay';
import { parseChangeBatch } from './change-batch';
import { canonical, compareRecords, sortKey } from './record';
import type { RecordSet } from './record';
import { NAME_SERVERS } from './routes';
import type { Change, Routes, Zone } from './routes';

const LARGEST_PAGE = 300;

/** Route 53's record sets and zones: batches as a whole, PENDING before INSYNC, listing by pages [A §7]. */
export function route53(routes: Routes): Overlay {
  return {
    service: 'route53',
    handlers: {
      ChangeResourceRecordSets: async (call) => {
        const zone = routes.zone(segment(call, 'hostedzone'));
        const change = routes.change(zone, parseChangeBatch(call.body));
        return restXmlReply('ChangeResourceRecordSetsResponse', { ChangeInfo: describeChange(change) });
      },
      GetChange: async (call) => {
        const change = routes.changeOf(segment(call, 'change'));
        return restXmlReply('GetChangeResponse', { ChangeInfo: describeChange(change) });
      },
      ListResourceRecordSets: async (call) => listRecords(call, routes.zone(segment(call, 'hostedzone'))),
      GetHostedZone: async (call) => {
        const zone = routes.zone(segment(call, 'hostedzone'));
        return restXmlReply('GetHostedZoneResponse', {
          HostedZone: describeZone(zone),
          DelegationSet: { NameServers: { NameServer: NAME_SERVERS.map((each) => each.replace(/\.$/, '')) } },
        });
      },
      ListHostedZones: async () =>
        restXmlReply('ListHostedZonesResponse', {
          HostedZones: { HostedZone: byName(routes.all()).map(describeZone) },
          IsTruncated: false,
          MaxItems: 100,
        }),
      ListHostedZonesByName: async (call) => {
        const from = query(call).get('dnsname');
        const start = from === null ? '' : zoneKey(canonical(from));
        const listed = byName(routes.all()).filter((zone) => zoneKey(zone.name) >= start);
        return restXmlReply('ListHostedZonesByNameResponse', {
          HostedZones: { HostedZone: listed.map(describeZone) },
          DNSName: from ?? undefined,
          IsTruncated: false,
          MaxItems: 100,
        });
      },
      GetHostedZoneCount: async () =>
        restXmlReply('GetHostedZoneCountResponse', { HostedZoneCount: routes.all().length }),
      CreateHostedZone: refuse,
      DeleteHostedZone: refuse,
    },
  };
}

function listRecords(call: AwsCall, zone: Zone): AwsReply {
  const asked = query(call);
  const [name, type, identifier] = [asked.get('name'), asked.get('type'), asked.get('identifier')];
  if (name === null && type !== null) {
    throw new AwsFault('InvalidInput', 'The type of the first record needs its name.');
  }
  const start =
    name === null
      ? ''
      : sortKey({ name: canonical(name), type: type ?? '', setIdentifier: identifier ?? undefined });
  const size = Math.min(Number(asked.get('maxitems') ?? LARGEST_PAGE), LARGEST_PAGE);
  const following = [...zone.records].sort(compareRecords).filter((each) => sortKey(each) >= start);
  const next = following[size];
  return restXmlReply('ListResourceRecordSetsResponse', {
    ResourceRecordSets: { ResourceRecordSet: following.slice(0, size).map(describeRecord) },
    IsTruncated: next !== undefined,
    NextRecordName: next?.name,
    NextRecordType: next?.type,
    NextRecordIdentifier: next?.setIdentifier,
    MaxItems: size,
  });
}

function describeRecord(record: RecordSet): object {
  return {
    Name: record.name,
    Type: record.type,
    SetIdentifier: record.setIdentifier,
    TTL: record.ttl,
    ResourceRecords:
      record.alias === undefined ? { ResourceRecord: record.values.map((Value) => ({ Value })) } : undefined,
    AliasTarget:
      record.alias === undefined
        ? undefined
        : {
            HostedZoneId: record.alias.hostedZoneId,
            DNSName: record.alias.dnsName,
            EvaluateTargetHealth: record.alias.evaluateTargetHealth,
          },
  };
}

function describeZone(zone: Zone): object {
  return {
    Id: `/hostedzone/${zone.id}`,
    Name: zone.name,
    CallerReference: zone.id,
    Config: { PrivateZone: false },
    ResourceRecordSetCount: zone.records.length,
  };
}

function describeChange(change: Change): object {
  return { Id: `/change/${change.id}`, Status: change.status, SubmittedAt: new Date(change.submittedAt) };
}

function byName(zones: readonly Zone[]): readonly Zone[] {
  return [...zones].sort((a, b) => (zoneKey(a.name) < zoneKey(b.name) ? -1 : 1));
}

function zoneKey(name: string): string {
  return sortKey({ name, type: '', setIdentifier: undefined });
}

/** The path segment after `name`, e.g. the id of the zone. */
function segment(call: AwsCall, name: string): string {
  const parts = new URL(call.path, 'http://route53').pathname.split('/').map(decodeURIComponent);
  return parts[parts.indexOf(name) + 1] ?? '';
}

function query(call: AwsCall): URLSearchParams {
  return new URL(call.path, 'http://route53').searchParams;
}

function refuse(call: AwsCall): Promise<AwsReply> {
  throw new AwsFault('NotImplemented', `The lab defines its zones itself; it has no ${call.action}.`, 501);
}
