import { stringify } from 'yaml';
import { formatDuration } from './duration';
import type { Estate } from './schema';

/** Members of the policy, at any depth, that hold seconds; `expected` and `deadlines` hold them under step names. */
const DURATIONS = new Set([
  'timeout',
  'decisionTimeout',
  'database',
  'home',
  'interval',
  'fastest',
  'slowest',
  'window',
  'wait',
  'preempt',
  'after',
  'approvalLifetime',
  'lifetime',
  'clockSkew',
]);
const BY_STEP = new Set(['expected', 'deadlines']);

/** The estate as YAML with every default filled in; read again it gives the same estate. */
export function showEstate(estate: Estate): string {
  const instances = Object.entries(estate.instances).map(([name, instance]) => [
    name,
    instance.policy === undefined ? instance : { ...instance, policy: worded(instance.policy) },
  ]);
  return stringify({
    ...estate,
    instances: Object.fromEntries(instances) as unknown,
    policy: worded(estate.policy),
  });
}

function worded(value: unknown, name = ''): unknown {
  if (typeof value === 'number') return DURATIONS.has(name) ? formatDuration(value) : value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const given = Object.entries(value as Readonly<Record<string, unknown>>);
  const members = given.map(([key, member]) => [
    key,
    // A gate or a step may bear any name, so only the group decides there.
    typeof member === 'number' && BY_STEP.has(name) ? formatDuration(member) : worded(member, key),
  ]);
  return Object.fromEntries(members) as unknown;
}
