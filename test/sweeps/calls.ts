import type { LedgerEntry } from '../../lab/gateway/ledger';

/** A call that changes something, the same one in every run of the same procedure. */
export interface KnownCall {
  /** For people: `eu-west-1 ec2 CreateVolume`, numbered where there are several. */
  readonly name: string;
  readonly region: string;
  readonly service: string;
  readonly action: string;
  readonly fingerprint: string;
  /** How often an undisturbed run makes it. */
  readonly count: number;
}

type Call = Pick<LedgerEntry, 'region' | 'service' | 'action' | 'parameters'>;

const TOKEN =
  /^(ClientToken|ClientRequestToken|IdempotencyToken|Action|Version|ChangeSetName|PresignedUrl|PreSignedUrl)$/;

/** What a call is about, without what differs from run to run: identifiers that AWS gives, tokens, times, addresses. */
export function fingerprint({ region, service, action, parameters }: Call): string {
  const lasting =
    action === 'SendCommand'
      ? { script: parameters.Comment, to: parameters.InstanceIds }
      : service === 's3'
        ? { path: parameters.path }
        : Object.fromEntries(Object.entries(parameters).filter(([name]) => !TOKEN.test(name)));
  const text = JSON.stringify(Object.entries(lasting).sort())
    .replace(/\b(vol|snap|i|sg|eni|sgr|ami|subnet|vpc)-[0-9a-f]{8,}\b/g, '$1')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'uuid')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, 'time')
    .replace(/\b\d{8}T\d{6}Z/gi, 'time')
    .replace(/\b[0-9a-f]{64}\b/g, 'hash')
    .replace(/\/[A-Z0-9]{10,}\b/g, '/id')
    .replace(/127\.\d+\.\d+\.\d+/g, 'address')
    .replace(/-[0-9a-f]{6,40}\.json\b/g, '-hash.json')
    .replace(/-\d{6,}\./g, '-number.');
  return [region, service, action, text].join(' ');
}

/** The distinct calls among these, in the order of their first appearance. */
export function distinctCalls(entries: readonly LedgerEntry[]): readonly KnownCall[] {
  const found = new Map<string, { entry: LedgerEntry; count: number }>();
  for (const entry of entries) {
    const key = fingerprint(entry);
    const known = found.get(key);
    found.set(key, { entry, count: (known?.count ?? 0) + 1 });
  }
  const seen = new Map<string, number>();
  return [...found].map(([key, { entry, count }]) => {
    const { region, service, action } = entry;
    const plain = `${region} ${service} ${action}`;
    const number = (seen.get(plain) ?? 0) + 1;
    seen.set(plain, number);
    const detail = action === 'SendCommand' ? ` ${String(entry.parameters.Comment)}` : '';
    const name = `${plain}${detail}${number > 1 ? ` (${number})` : ''}`;
    return { name, region, service, action, fingerprint: key, count };
  });
}
