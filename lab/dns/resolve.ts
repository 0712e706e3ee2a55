import type { Answer, Question } from 'dns-packet';
import { canonical } from './record';
import type { RecordSet } from './record';
import type { Zone } from './routes';

export interface Resolution {
  readonly outcome: 'found' | 'noSuchName' | 'noSuchType';
  readonly answers: readonly Answer[];
}

/** Address behind a load balancer's DNS name, given in lower case without the trailing dot. */
export type BalancerAddress = (dnsName: string) => string | undefined;

/** Seconds for which the name of a load balancer may be cached, as AWS answers it. */
const BALANCER_TTL = 60;
const LONGEST_CHAIN = 8;

/**
 * Answers a question as a resolver would that asks everybody: through CNAMEs, in the lab's zones and among its load
 * balancers. What is in neither does not exist.
 */
export function resolveQuestion(
  question: Pick<Question, 'name' | 'type'>,
  zones: readonly Zone[],
  balancerAddress: BalancerAddress,
): Resolution {
  const answers: Answer[] = [];
  let name = canonical(question.name);
  for (let length = 0; length < LONGEST_CHAIN; length += 1) {
    const address = balancerAddress(bare(name));
    if (address !== undefined) {
      if (question.type !== 'A') return { outcome: 'noSuchType', answers };
      answers.push({ name: bare(name), type: 'A', ttl: BALANCER_TTL, data: address });
      return { outcome: 'found', answers };
    }
    const records = recordsOf(zones, name);
    if (records.length === 0) return { outcome: 'noSuchName', answers };
    const wanted = records.filter((each) => each.type === question.type);
    if (wanted.length > 0) {
      answers.push(...wanted.flatMap((each) => answersOf(bare(name), each, balancerAddress)));
      return { outcome: answers.length > 0 ? 'found' : 'noSuchType', answers };
    }
    const pointer = records.find((each) => each.type === 'CNAME');
    const target = pointer?.values[0];
    if (pointer === undefined || target === undefined) return { outcome: 'noSuchType', answers };
    answers.push({ name: bare(name), type: 'CNAME', ttl: pointer.ttl ?? 0, data: bare(canonical(target)) });
    name = canonical(target);
  }
  return { outcome: 'noSuchName', answers };
}

/** Exact records, or those of the nearest wildcard when the name itself does not exist. */
function recordsOf(zones: readonly Zone[], name: string): readonly RecordSet[] {
  const zone = zones
    .filter((each) => name === each.name || name.endsWith(`.${each.name}`))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (zone === undefined) return [];
  const exact = zone.served.filter((each) => each.name === name);
  if (exact.length > 0) return exact;
  for (let rest = name; rest !== zone.name && rest.includes('.');) {
    rest = rest.slice(rest.indexOf('.') + 1);
    const wildcard = zone.served.filter((each) => each.name === `\\052.${rest}`);
    if (wildcard.length > 0) return wildcard;
  }
  return [];
}

function answersOf(name: string, record: RecordSet, balancerAddress: BalancerAddress): readonly Answer[] {
  if (record.alias !== undefined) {
    const address = balancerAddress(bare(record.alias.dnsName));
    return address === undefined ? [] : [{ name, type: 'A', ttl: BALANCER_TTL, data: address }];
  }
  const ttl = record.ttl ?? 0;
  switch (record.type) {
    case 'A':
    case 'AAAA':
    case 'NS':
    case 'CNAME':
    case 'PTR': {
      const type = record.type;
      return record.values.map((value) => ({ name, type, ttl, data: value.replace(/\.$/, '') }));
    }
    case 'TXT':
      return record.values.map((value) => ({
        name,
        type: 'TXT',
        ttl,
        data: value.replace(/^"(.*)"$/, '$1'),
      }));
    default:
      return [];
  }
}

function bare(name: string): string {
  return name.replace(/\.$/, '');
}
