import { parse } from 'yaml';
import type { z } from 'zod';
import { judgePlacement } from '../../client/doctor/placement';
import { definitionOf } from '../../estate/definition';
import { isDuration } from '../../estate/duration';
import { parseEstate } from '../../estate/load';
import { pinInstance } from '../../estate/pin';
import { estateSchema } from '../../estate/schema';
import { EXAMPLE, EXAMPLE_IN_FULL } from '../support/example-estate';
import { problemsOf } from '../support/estate-problems';

/** What a setting that is off cannot show as its default: there is none, or it depends on the rest. */
const EXAMPLES_ONLY = [
  ...['expected', 'deadlines', 'freezes', 'notifications'],
  ...[
    'failover.nodes',
    'backup.snapshotLock',
    'failures.steps',
    'failures.escalate',
    'gates.failover.escalate',
  ],
];

/** Not in the example: a lock has it in one mode only; a thumbprint is computed; what differs is whatever may. */
const LEFT_OUT =
  /^(policy\.backup\.snapshotLock\.coolOff|people\.\*\.publicKey\.kid|instances\.\*\.policy\..*)$/;

/** What has the same members as something else is shown in full there. */
const AS_ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^instances\.\*\.backup\.drill\.(?=(stack|nodes|fileServer)\.)/, 'instances.*.sites.*.'],
  [/^schedules\.\*/, 'instances.*.schedules.*'],
  [/^policy\.gates\.\w+\./, 'policy.gates.failover.'],
  [/^policy\.failures\.default\./, 'policy.failures.steps.*.'],
];

/** Every member that an estate may have, e.g. `instances.*.url`. */
function members(schema: z.core.$ZodType, path = ''): readonly string[] {
  if (isDuration(schema)) return [];
  const { innerType, in: given, options, shape, valueType, element } = definitionOf(schema);
  const inner = innerType ?? given;
  if (inner !== undefined) return members(inner, path);
  if (options !== undefined) return options.flatMap((option) => members(option, path));
  const of = valueType ?? element;
  if (of !== undefined) return members(of, `${path}.*`);
  return Object.entries(shape ?? {}).flatMap(([name, member]) => [
    `${path}.${name}`,
    ...members(member, `${path}.${name}`),
  ]);
}

/** Whether something of the estate is at a path. */
function has(value: unknown, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return value !== undefined;
  if (typeof value !== 'object' || value === null) return false;
  if (step === '*') return Object.values(value).some((member) => has(member, rest));
  return Object.hasOwn(value, step) && has((value as Record<string, unknown>)[step], rest);
}

/** Without what is at these paths. */
function without(value: unknown, paths: readonly string[]): unknown {
  const left = structuredClone(value);
  for (const path of paths) {
    const steps = path.split('.');
    const holder = steps
      .slice(0, -1)
      .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], left);
    delete (holder as Record<string, unknown>)[steps.at(-1)!];
  }
  return left;
}

test('the example is valid as it is copied, and with everything in it turned on', () => {
  expect(problemsOf(EXAMPLE)).toEqual([]);
  expect(problemsOf(EXAMPLE_IN_FULL)).toEqual([]);
});

test('everything that an estate can say is in it', () => {
  const full: unknown = parse(EXAMPLE_IN_FULL);
  const all = [...new Set(members(estateSchema).map((path) => path.slice(1)))];
  expect(all).toContain('instances.*.sites.*.fileServer.volumes.*.device');
  const shown = (path: string): boolean => has(full, path.split('.'));
  const elsewhere = (path: string): string =>
    AS_ELSEWHERE.reduce((text, [from, to]) => text.replace(from, to), path);
  expect(all.filter((path) => !shown(path) && !shown(elsewhere(path)) && !LEFT_OUT.test(path))).toEqual([]);
});

test('a policy that is off says what holds without it', () => {
  const base = EXAMPLE.slice(0, EXAMPLE.indexOf('\npolicy:'));
  const { policy } = parseEstate(EXAMPLE_IN_FULL, 'full.yaml');
  const defaults = parseEstate(base, 'base.yaml').policy;
  expect(without(policy, EXAMPLES_ONLY)).toEqual(without(defaults, EXAMPLES_ONLY));
  // What is on, too: a copy that nobody has changed goes by the defaults.
  expect(parseEstate(EXAMPLE, 'example.yaml').policy).toEqual(defaults);
});

test('doctor has nothing against the places of the example, where a worker runs in each region', () => {
  const estate = parseEstate(EXAMPLE, 'example.yaml');
  const { instance } = pinInstance(estate, 'bitbucket-prod');
  const workers = instance.sites.map(({ region }, index) => `runbooks@host:${index}/${region}`);
  const judged = judgePlacement(instance, { workers, temporal: estate.placement.temporal });
  expect(judged).toMatchObject({ ok: true, detail: expect.stringContaining('a failover goes on') });
});
