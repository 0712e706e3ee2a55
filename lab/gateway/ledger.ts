import type { AwsCall } from './overlay';
import { parameter } from './parameters';

export interface LedgerEntry {
  /** Virtual time of arrival, epoch milliseconds. */
  readonly at: number;
  readonly account: string;
  readonly region: string;
  readonly service: string;
  readonly action: string;
  readonly mutating: boolean;
  /** HTTP status of the answer; 0 while there is none, and for ever when the answer was withheld or dropped. */
  readonly status: number;
  readonly errorCode: string | null;
  /** Whether the call reached the emulated service at all. */
  readonly applied: boolean;
  /** Parameters without secrets. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Whether the lab itself made the call, e.g. where CloudFormation would: nobody's runbook did. */
  readonly byLab?: true;
  /** Idempotency token of the caller, if it sent one. */
  readonly token?: string;
}

type Outcome = Pick<LedgerEntry, 'status' | 'errorCode' | 'applied'>;
type OpenEntry = { -readonly [K in keyof LedgerEntry]: LedgerEntry[K] };

/** What the lab's own clients call themselves. */
export const LAB_USER_AGENT = 'runbooks-lab';

/** Whether a call came from the lab itself. */
export function isLabs({ headers }: Pick<AwsCall, 'headers'>): boolean {
  return headers['user-agent']?.includes(LAB_USER_AGENT) === true;
}

const KEPT_ENTRIES = 100_000;
const SECRET = /password|secret|presignedurl|sessiontoken|webidentitytoken|license/i;
const TOKEN = /^(ClientToken|ClientRequestToken|IdempotencyToken)$/;

/** Every call that reached the gateway, in order of arrival [A §2.1 rules 6 and 7]. */
export class Ledger {
  private list: OpenEntry[] = [];

  entries(): readonly LedgerEntry[] {
    return this.list;
  }

  /** Writes down the arrival of a call; the returned function adds how it ended. */
  open(call: AwsCall, at: number): (outcome: Partial<Outcome>) => void {
    const tokenName = Object.keys(call.parameters).find((name) => TOKEN.test(name));
    const token = tokenName === undefined ? undefined : parameter(call.parameters, tokenName);
    const entry: OpenEntry = {
      at,
      account: call.account,
      region: call.region,
      service: call.service,
      action: call.action,
      mutating: call.mutating,
      status: 0,
      errorCode: null,
      applied: false,
      parameters: redact(describeCall(call)),
      ...(isLabs(call) ? { byLab: true } : {}),
      ...(token === undefined ? {} : { token }),
    };
    this.list.push(entry);
    if (this.list.length > KEPT_ENTRIES) this.forgetOldReads();
    return (outcome) => Object.assign(entry, outcome);
  }

  /** A lab that is polled for days must not grow for ever; what changed the world is kept. */
  private forgetOldReads(): void {
    const recent = this.list.length - KEPT_ENTRIES / 2;
    this.list = this.list.filter((entry, index) => entry.mutating || index >= recent);
  }
}

/** What a call says, also where it says it in path and body. */
export function describeCall(call: AwsCall): Readonly<Record<string, unknown>> {
  if (Object.keys(call.parameters).length > 0 || call.body.length === 0) return call.parameters;
  return { path: call.path, body: call.body.toString() };
}

/** Replaces secrets, also the values of stack parameters with telling names (`ParameterKey` beside `ParameterValue`). */
function redact(parameters: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const redacted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parameters)) {
    const key = name.endsWith('.ParameterValue') ? parameters[name.replace(/Value$/, 'Key')] : undefined;
    const secret = SECRET.test(name) || (typeof key === 'string' && SECRET.test(key));
    redacted[name] = secret ? '[redacted]' : redactInside(value);
  }
  return redacted;
}

function redactInside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactInside);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return redact(value as Record<string, unknown>);
}
