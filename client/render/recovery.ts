import { describeFacts } from '../../workflows/runbook/facts';
import type { Report } from '../../workflows/runbook/report';
import { span } from './words';

export interface RecoveryPart {
  readonly name: 'detect' | 'decide' | 'act' | 'verify';
  readonly word: string;
  readonly seconds: number;
}

/** Recovery time and what it was spent on, in the order of a run. */
export function recovery({ rto }: Report): {
  readonly total: number;
  readonly parts: readonly RecoveryPart[];
} {
  return {
    total: rto.totalSeconds,
    parts: [
      { name: 'detect', word: 'noticed and planned', seconds: rto.detectSeconds },
      { name: 'decide', word: 'people decided', seconds: rto.decideSeconds },
      { name: 'act', word: 'acted', seconds: rto.actSeconds },
      { name: 'verify', word: 'verified', seconds: rto.verifySeconds },
    ],
  };
}

/** What was lost, one line each; empty where the runbook has nothing to say about it. */
export function loss(report: Report): readonly string[] {
  const { rpo } = report;
  if (!isObject(rpo)) return [];
  const { databaseSeconds, homeSeconds, pushesCompared, lostPushes, ...rest } = rpo;
  return [
    ...age('database', databaseSeconds),
    ...age('home', homeSeconds),
    ...pushes(pushesCompared, lostPushes),
    ...Object.entries(rest).map(([name, value]) => `${name}: ${shown(value)}`),
  ];
}

function age(what: string, seconds: unknown): readonly string[] {
  if (seconds === undefined) return [];
  return [`${what}: ${typeof seconds === 'number' ? `the last ${span(seconds)}` : 'unknown'}`];
}

function pushes(compared: unknown, lost: unknown): readonly string[] {
  if (compared === undefined && lost === undefined) return [];
  if (!Array.isArray(lost)) return ['pushes: could not be compared'];
  const of = typeof compared === 'number' ? ` of ${compared} compared` : '';
  if (lost.length === 0) return [`pushes: none lost${of}`];
  return [`pushes lost${of}:`, ...lost.map((one) => shown(one))];
}

function shown(value: unknown): string {
  if (isObject(value) && typeof value['repository'] === 'string') {
    return `${value['repository']}: ${shown(value['count'])}`;
  }
  if (isObject(value) && Object.values(value).every(isPlain)) {
    return describeFacts(value as Record<string, string | number | boolean | null>);
  }
  return isPlain(value) ? String(value) : JSON.stringify(value);
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
