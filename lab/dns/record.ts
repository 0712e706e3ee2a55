/** One resource record set of a zone. */
export interface RecordSet {
  /** In lower case, with the trailing dot. */
  readonly name: string;
  /** `A`, `CNAME`, `TXT`, … */
  readonly type: string;
  readonly setIdentifier: string | undefined;
  /** Seconds; absent for an alias. */
  readonly ttl: number | undefined;
  readonly values: readonly string[];
  /** Route 53's own kind of pointer to a load balancer. */
  readonly alias: AliasTarget | undefined;
}

interface AliasTarget {
  readonly hostedZoneId: string;
  readonly dnsName: string;
  readonly evaluateTargetHealth: boolean;
}

export interface RecordChange {
  readonly action: 'CREATE' | 'DELETE' | 'UPSERT';
  readonly record: RecordSet;
}

/** Names are compared without case and with their trailing dot; `*` is written as octal code, as Route 53 does. */
export function canonical(name: string): string {
  const lower = name.toLowerCase().replaceAll('*', '\\052');
  return lower.endsWith('.') ? lower : `${lower}.`;
}

/** The order in which Route 53 lists: by labels from the right, then by type. */
export function compareRecords(a: RecordSet, b: RecordSet): number {
  return compareText(sortKey(a), sortKey(b));
}

export function sortKey(record: Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>): string {
  const labels = record.name.split('.').filter((label) => label !== '');
  return [...labels.reverse(), '', record.type, record.setIdentifier ?? ''].join('\u0001');
}

export function sameKey(a: RecordSet, b: RecordSet): boolean {
  return a.name === b.name && a.type === b.type && a.setIdentifier === b.setIdentifier;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
