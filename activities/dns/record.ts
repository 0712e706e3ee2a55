import { ListResourceRecordSetsCommand } from '@aws-sdk/client-route-53';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { DnsRecord } from '../../workflows/plan/instance';
import type { AwsClients } from '../aws/clients';
import { askAws } from '../aws/errors';
import { bareName } from './resolve';

/** What stands in the zone under a name. */
export interface RecordFacts {
  /** Target of the CNAME, without the trailing dot; null when there is none. */
  readonly target: string | null;
  readonly ttlSeconds: number | null;
  /** Types besides CNAME under the same name, e.g. `A`, `A (alias)`. */
  readonly others: readonly string[];
  /** Weighted, failover, latency, … records of the name, by their SetIdentifier; a plain UPSERT would clash. */
  readonly routed: readonly string[];
}

/** undefined when there is no such zone. @throws AwsUnreachable, NeedsPerson, … as every AWS call */
export async function readRecord(aws: AwsClients, dns: DnsRecord): Promise<RecordFacts | undefined> {
  const sets = await askAws(
    { doing: 'list the records of', resource: `zone ${dns.zoneId}` },
    async () => {
      const reply = await aws.route53().send(
        new ListResourceRecordSetsCommand({
          HostedZoneId: dns.zoneId,
          // The list starts at this name: everything under it comes first.
          StartRecordName: dns.name,
          MaxItems: 100,
        }),
      );
      return reply.ResourceRecordSets ?? [];
    },
    { notFound: () => undefined },
  );
  return sets === undefined
    ? undefined
    : factsOf(sets.filter((set) => bareName(set.Name ?? '') === bareName(dns.name)));
}

function factsOf(sets: readonly ResourceRecordSet[]): RecordFacts {
  const plain = sets.filter((set) => set.SetIdentifier === undefined);
  const cname = plain.find((set) => set.Type === 'CNAME' && set.AliasTarget === undefined);
  const target = cname?.ResourceRecords?.[0]?.Value;
  return {
    target: target === undefined ? null : bareName(target),
    ttlSeconds: cname?.TTL ?? null,
    others: plain
      .filter((set) => set !== cname)
      .map((set) => `${set.Type ?? '?'}${set.AliasTarget === undefined ? '' : ' (alias)'}`),
    routed: sets.flatMap((set) => set.SetIdentifier ?? []),
  };
}
