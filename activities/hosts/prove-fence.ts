import { proveFence } from '../../workflows/steps/fence';
import type { FenceResult, ProveFence } from '../../workflows/steps/fence';
import type { Site } from '../../workflows/plan/instance';
import type { Observed } from '../../workflows/runbook/observed';
import { findInstances } from '../aws/ec2/find-instances';
import { lookAtFence } from '../aws/fence-facts';
import { observe } from '../aws/observe';
import { acceptSilence } from '../aws/silence';
import { lookAgain } from '../aws/pace';
import { askStates } from '../aws/auto-scaling/node-views';
import type { Dependencies } from '../dependencies';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';

interface Part {
  readonly name: string;
  /** Whether this part of the fence holds, with the figures. */
  readonly seen: Observed<{ readonly holds: boolean; readonly shows: string }>;
}

/**
 * [B §13.1 #3] Nothing runs or will be started, nothing answers, nothing gets into the database. A part that could not be seen leaves the
 * fence unproven; a part that was seen open is not: the step then waits, and fails at its deadline. Where the fence was
 * not set, there is nothing to wait for.
 */
export function proveFenceImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<ProveFence, FenceResult>(proveFence, {
    actions: [
      'autoscaling:DescribeAutoScalingGroups',
      'ec2:DescribeInstances',
      'ec2:DescribeSecurityGroups',
      'rds:DescribeDBInstances',
    ],

    async check({ site }) {
      const parts = await acceptSilence(() => lookAtParts(dependencies, site));
      return {
        state: 'needed',
        before: {},
        calls: [],
        problems: [],
        output: forecastOf(parts),
        notes: parts.map((part) => `now, before the fence: ${part.name}: ${reasonOf(part)}`),
      };
    },

    // The last look before users are moved: it asks, whatever was silent before.
    async verify({ site, set = true }, _output, context) {
      const parts = await lookAtParts(dependencies, site);
      const open = parts.filter(({ seen }) => seen.state === 'known' && !seen.value.holds);
      if (open.length > 0 && set) {
        throw lookAgain(`the fence of ${site.name} does not hold: ${open.map(describe).join('; ')}`, context);
      }
      const result = { ...resultOf(parts), ...(canBeSet(parts, open) ? { seenOpen: true } : {}) };
      return {
        output: result,
        facts: {
          proven: result.proven,
          ...Object.fromEntries(parts.map((part) => [part.name, shows(part)])),
        },
      };
    },
  });
}

async function lookAtParts(dependencies: Dependencies, site: Site): Promise<readonly Part[]> {
  const [{ nodes, databaseOpen }, answering] = await Promise.all([
    lookAtFence(dependencies, site),
    observe(() => findAnswering(dependencies, site)),
  ]);
  return [
    {
      name: 'instances',
      seen: map(nodes, ({ running, launches }) => ({
        holds: running === 0 && launches === null,
        shows: `${running} running${launches === null ? '' : `, the group may start more (${launches})`}`,
      })),
    },
    {
      name: 'ports',
      seen: map(answering, (found) => ({
        holds: found.length === 0,
        shows: found.join(', ') || 'none answers',
      })),
    },
    {
      name: 'database',
      seen: map(databaseOpen, (open) => ({
        holds: !open,
        shows: open ? 'ingress is allowed' : 'no ingress',
      })),
    },
  ];
}

/** Nodes that answer on their port, whatever EC2 says of them; any answer counts, a good one or not. */
async function findAnswering(dependencies: Dependencies, site: Site): Promise<readonly string[]> {
  const { autoScalingGroup, port } = site.nodes;
  const instances = await findInstances(dependencies, site.region, `instances of ${autoScalingGroup}`, {
    Filters: [{ Name: 'tag:aws:autoscaling:groupName', Values: [autoScalingGroup] }],
  });
  const nodes = instances.flatMap(({ InstanceId: id, PrivateIpAddress: address }) =>
    id === undefined || address === undefined ? [] : [{ id, address }],
  );
  const states = await askStates(nodes, port);
  return states
    .filter(({ state }) => state !== 'none')
    .map(({ id, address, state }) => `${id} at ${address} says ${state}`);
}

function resultOf(parts: readonly Part[]): FenceResult {
  const unseen = parts.filter(({ seen }) => seen.state !== 'known' || !seen.value.holds);
  if (unseen.length === 0) return { proven: true, reason: null };
  const silent = unseen.filter(({ seen }) => seen.state === 'unreachable').map(({ name }) => name);
  const others = unseen.filter(({ seen }) => seen.state !== 'unreachable').map(describe);
  return {
    proven: false,
    reason: [...(silent.length === 0 ? [] : [`${silent.join(', ')}: no answer`]), ...others].join('; '),
  };
}

/**
 * Whether what is open can be closed by another attempt now. Nodes that answer on their port tell nothing of Auto Scaling, which
 * has to end them.
 */
function canBeSet(parts: readonly Part[], open: readonly Part[]): boolean {
  const instances = parts.find(({ name }) => name === 'instances');
  return open.some(({ name }) => name !== 'ports' || instances?.seen.state !== 'unreachable');
}

/** Before the fence is set: open is what it will close; only what nobody can see now has a reason. */
function forecastOf(parts: readonly Part[]): FenceResult {
  const known = parts.every(({ seen }) => seen.state === 'known');
  return known
    ? { ...resultOf(parts), reason: null }
    : resultOf(parts.filter(({ seen }) => seen.state !== 'known'));
}

function map<T, U>(fact: Observed<T>, convert: (value: T) => U): Observed<U> {
  return fact.state === 'known' ? { ...fact, value: convert(fact.value) } : fact;
}

function describe(part: Part): string {
  return `${part.name}: ${shows(part)}`;
}

/** Short: an operator reads it at a glance. */
function shows({ seen }: Part): string {
  if (seen.state === 'known') return seen.value.shows;
  return seen.state === 'unreachable' ? 'no answer' : `unknown, ${seen.reason}`;
}

function reasonOf({ seen }: Part): string {
  return seen.state === 'known' ? seen.value.shows : seen.reason;
}
