import { AwsFault } from '../gateway/overlay';
import { children, parseXml, text } from '../gateway/reply';
import type { XmlNode } from '../gateway/reply';
import { canonical, sameKey } from './record';
import type { RecordChange, RecordSet } from './record';

/** @throws AwsFault InvalidInput for a body that is no change batch */
export function parseChangeBatch(body: Buffer): readonly RecordChange[] {
  const changes = children(parseXml(body), 'ChangeBatch', 'Changes', 'Change').map(parseChange);
  if (changes.length === 0) throw new AwsFault('InvalidInput', 'The change batch holds no change.');
  return changes;
}

function parseChange(change: XmlNode): RecordChange {
  const action = text(change, 'Action');
  if (action !== 'CREATE' && action !== 'DELETE' && action !== 'UPSERT') {
    throw new AwsFault('InvalidInput', `Invalid action '${action}'`);
  }
  const [set = {}] = children(change, 'ResourceRecordSet');
  const [alias] = children(set, 'AliasTarget');
  const values = children(set, 'ResourceRecords', 'ResourceRecord').map((each) => text(each, 'Value'));
  const ttl = text(set, 'TTL');
  const setIdentifier = text(set, 'SetIdentifier');
  const name = text(set, 'Name');
  const type = text(set, 'Type');
  if (name === '' || type === '') throw new AwsFault('InvalidInput', 'A record needs a name and a type.');
  if (alias === undefined && (ttl === '' || values.length === 0)) {
    const missing = `Missing field 'TTL' or 'ResourceRecords' in Change with [Action=${action}, Name=${name}, Type=${type}]`;
    throw new AwsFault('InvalidInput', `Invalid request: ${missing}`);
  }
  return {
    action,
    record: {
      name: canonical(name),
      type,
      setIdentifier: setIdentifier === '' ? undefined : setIdentifier,
      ttl: ttl === '' ? undefined : Number(ttl),
      values,
      alias:
        alias === undefined
          ? undefined
          : {
              hostedZoneId: text(alias, 'HostedZoneId'),
              dnsName: canonical(text(alias, 'DNSName')),
              evaluateTargetHealth: text(alias, 'EvaluateTargetHealth') === 'true',
            },
    },
  };
}

const LARGEST_BATCH = 1000;

/**
 * The records after a batch: all of it or nothing.
 * @throws AwsFault InvalidChangeBatch naming every change that cannot be made [A §2.2 D1, §7]
 */
export function applyBatch(
  zone: string,
  records: readonly RecordSet[],
  changes: readonly RecordChange[],
): readonly RecordSet[] {
  const weight = changes.reduce((sum, change) => sum + (change.action === 'UPSERT' ? 2 : 1), 0);
  if (weight > LARGEST_BATCH) {
    throw new AwsFault('InvalidChangeBatch', `[Number of records limit of ${LARGEST_BATCH} exceeded.]`);
  }
  const problems: string[] = [];
  let result = records;
  changes.forEach((change, at) => {
    const { record } = change;
    const twice = changes
      .slice(0, at)
      .some((each) => each.action === change.action && sameKey(each.record, record));
    const problem = twice
      ? `The request contains an invalid set of changes for a resource record set '${record.type} ${record.name}'`
      : problemOf(zone, result, change);
    if (problem === undefined) result = applyChange(result, change);
    else problems.push(problem);
  });
  for (const { record, action } of changes) {
    const problem = action === 'DELETE' || problems.length > 0 ? undefined : conflictOf(zone, result, record);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) throw new AwsFault('InvalidChangeBatch', `[${problems.join(', ')}]`);
  return result;
}

/** The same change on records that may have moved on meanwhile: what the name servers are told. */
export function applyChange(records: readonly RecordSet[], change: RecordChange): readonly RecordSet[] {
  const others = records.filter((each) => !sameKey(each, change.record));
  return change.action === 'DELETE' ? others : [...others, change.record];
}

function problemOf(zone: string, records: readonly RecordSet[], change: RecordChange): string | undefined {
  const { action, record } = change;
  const named = `resource record set [name='${record.name}', type='${record.type}']`;
  if (record.name !== zone && !record.name.endsWith(`.${zone}`)) {
    return `RRSet with DNS name ${record.name} is not permitted in zone ${zone}`;
  }
  const known = records.find((each) => sameKey(each, record));
  if (action === 'CREATE' && known !== undefined) return `Tried to create ${named} but it already exists`;
  if (action !== 'DELETE') return undefined;
  if (known === undefined) return `Tried to delete ${named} but it was not found`;
  return sameContent(known, record)
    ? undefined
    : `Tried to delete ${named} but the values provided do not match the current values`;
}

/** A CNAME stands alone, and never at the top of the zone. */
function conflictOf(zone: string, records: readonly RecordSet[], record: RecordSet): string | undefined {
  const what = `RRSet of type ${record.type} with DNS name ${record.name} is not permitted`;
  if (record.type === 'CNAME' && record.name === zone) return `${what} at apex in zone ${zone}`;
  if (record.type === 'CNAME' && record.values.length > 1) return `${what} as it has more than one value`;
  const beside = records.some(
    (each) =>
      each.name === record.name &&
      each.type !== record.type &&
      (each.type === 'CNAME' || record.type === 'CNAME'),
  );
  return beside
    ? `${what} as it conflicts with other records with the same DNS name in zone ${zone}`
    : undefined;
}

function sameContent(a: RecordSet, b: RecordSet): boolean {
  const content = (record: RecordSet): string =>
    JSON.stringify([record.ttl ?? null, [...record.values].sort(), record.alias ?? null]);
  return content(a) === content(b);
}
