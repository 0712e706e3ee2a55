import type { z } from 'zod';
import type { Finding } from './check';
import { definitionOf } from './definition';
import { nearest } from './nearest';
import { estateSchema } from './schema';

type Path = readonly (string | number)[];

/** What zod found, as sentences that say what to do. One finding per unknown key. */
export function describeIssue(issue: z.core.$ZodIssue, given: unknown): readonly Finding[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey([...path, key], key, given));
    case 'invalid_type':
      return [wrongType(path, issue.expected, given)];
    case 'invalid_union':
      return unionFindings(issue, path, given);
    case 'invalid_key':
      return [{ path, message: issue.issues.map((inner) => inner.message).join('; ') }];
    case 'invalid_value':
      return [
        {
          path,
          message: `must be ${issue.values.map((value) => String(value)).join(' or ')}, not ${show(valueAt(given, path), path)}`,
        },
      ];
    default:
      return [{ path, message: issue.message }];
  }
}

function wrongType(path: Path, expected: string, given: unknown): Finding {
  const value = valueAt(given, path);
  const what = NAMES[expected] ?? expected;
  return {
    path,
    message:
      value === undefined || value === null
        ? `is missing: write ${what}`
        : `must be ${what}, not ${show(value, path)}`,
  };
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map of names',
  array: 'a list',
};

/** Where a map was written, the problems of the alternative that is a map are the ones to tell. */
function unionFindings(issue: z.core.$ZodIssueInvalidUnion, path: Path, given: unknown): readonly Finding[] {
  const value = valueAt(given, path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const fitting = issue.errors.find(
      (issues) => !issues.some((inner) => inner.path.length === 0 && inner.code !== 'unrecognized_keys'),
    );
    if (fitting !== undefined) {
      return fitting.flatMap((inner) => describeIssue({ ...inner, path: [...path, ...inner.path] }, given));
    }
  }
  return [{ path, message: `${issue.message}${value === undefined ? '' : `, not ${show(value, path)}`}` }];
}

function unknownKey(path: Path, key: string, given: unknown): Finding {
  const known = knownKeys(estateSchema, path.slice(0, -1), given);
  const near = nearest(key, known);
  const hint =
    near === undefined
      ? known.length === 0
        ? 'remove it'
        : `allowed here: ${known.join(', ')}`
      : `did you mean "${near}"?`;
  return { path, message: `unknown key "${key}": ${hint}` };
}

/** Keys that the schema allows at a path. */
function knownKeys(schema: z.core.$ZodType, path: Path, given: unknown): readonly string[] {
  const def = definitionOf(schema);
  const [step, ...rest] = path;
  if (def.innerType !== undefined) return knownKeys(def.innerType, path, given);
  if (def.in !== undefined) return knownKeys(def.in, path, given);
  if (def.options !== undefined) return def.options.flatMap((option) => knownKeys(option, path, given));
  if (def.shape !== undefined) {
    if (step === undefined) return Object.keys(def.shape);
    const member = def.shape[step] ?? def.catchall;
    return member === undefined ? [] : knownKeys(member, rest, given);
  }
  const inner = def.valueType ?? def.element;
  return inner === undefined || step === undefined ? [] : knownKeys(inner, rest, given);
}

function valueAt(given: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    given,
  );
}

/** What was written there, unless it may be a secret that was written in place of its reference. */
function show(value: unknown, path: Path): string {
  if (path.at(-1) === 'password') return 'what is there';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  return typeof value === 'string' ? `"${value}"` : String(value);
}
