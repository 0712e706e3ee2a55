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

/** An identifier of this Region, or an ARN of any [A §5.4]. */
export function parseName(value: string, kind: 'db' | 'snapshot', region: string): ResourceName {
  if (!value.startsWith('arn:')) return { region, id: value.toLowerCase() };
  const match = /^arn:aws[^:]*:rds:([^:]+):(\d*):(db|snapshot):(.+)$/.exec(value);
  if (match?.[1] === undefined || match[4] === undefined || match[3] !== kind) {
    throw faults.value(`Invalid Amazon Resource Name (ARN): ${value}`);
  }
  return { region: match[1], account: match[2] ?? '', id: match[4].toLowerCase() };
}
