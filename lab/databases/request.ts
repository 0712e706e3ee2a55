import { listMembers, parameter, structures } from '../gateway/reply';
import type { AwsCall } from '../gateway/overlay';
import { faults } from './faults';

/** The flat members of an RDS request, by type. Bad text is refused as RDS does. */
export class RdsRequest {
  readonly region: string;
  readonly account: string;

  constructor(private readonly call: Pick<AwsCall, 'region' | 'account' | 'parameters'>) {
    this.region = call.region;
    this.account = call.account;
  }

  /** Of the parameters that the caller has set; of lists without what follows. */
  get names(): ReadonlySet<string> {
    return new Set(Object.keys(this.call.parameters).map((name) => name.split('.')[0] ?? name));
  }

  text(name: string): string | undefined {
    return parameter(this.call.parameters, name);
  }

  need(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw faults.missing(name);
    return value;
  }

  number(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^-?\d+$/.test(value)) throw faults.value(`${name} is not a number: ${value}`);
    return Number(value);
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : value === 'true';
  }

  list(name: string): readonly string[] {
    return listMembers(this.call.parameters, name);
  }

  tags(): Readonly<Record<string, string>> {
    const tags = structures(this.call.parameters, 'Tags').map((tag) => [tag.Key ?? '', tag.Value ?? '']);
    return Object.fromEntries(tags) as Record<string, string>;
  }
}

export interface ResourceName {
  readonly region: string;
  /** Of an ARN; absent for a plain name. */
  readonly account?: string;
  readonly id: string;
}

/** Kinds of resources as their ARNs name them. */
export type ArnType = 'db' | 'snapshot' | 'cluster' | 'cluster-snapshot';

/** An identifier of this Region, or an ARN of any [A §5.4]. */
export function parseName(value: string, kind: ArnType, region: string): ResourceName {
  if (!value.startsWith('arn:')) return { region, id: value.toLowerCase() };
  const match = /^arn:aws[^:]*:rds:([^:]+):(\d*):([a-z-]+):(.+)$/.exec(value);
  if (match?.[1] === undefined || match[4] === undefined || match[3] !== kind) {
    throw faults.value(`Invalid Amazon Resource Name (ARN): ${value}`);
  }
  return { region: match[1], account: match[2] ?? '', id: match[4].toLowerCase() };
}
