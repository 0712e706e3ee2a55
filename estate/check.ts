import { pinInstance } from './pin';
import type { Estate } from './schema';

/** Something wrong with the estate as a whole, at a place in it. */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What no single member can tell: gates that nobody could pass, contradictory figures, two names for one thing. */
export function crossCheck(estate: Estate): readonly Finding[] {
  return Object.keys(estate.instances).flatMap((name) => [
    ...gateFindings(estate, name),
    ...pollingFindings(estate, name),
    ...siteFindings(estate, name),
  ]);
}

function gateFindings(estate: Estate, name: string): readonly Finding[] {
  const { policy, people } = pinInstance(estate, name);
  return Object.entries(policy.gates).flatMap(([gate, rule]) => {
    if (rule === 'auto') return [];
    const able = people.filter(
      (person) => rule.roles.length === 0 || person.roles.some((role) => rule.roles.includes(role)),
    );
    if (able.length >= rule.approvals) return [];
    const own = estate.instances[name]?.policy?.gates?.[gate] !== undefined;
    return [
      {
        path: [...(own ? ['instances', name] : []), 'policy', 'gates', gate],
        message:
          `gate "${gate}" of ${name} can never be passed: it needs ${rule.approvals} of ` +
          `${rule.roles.join(', ') || 'anybody'}, and people has ${able.length}. ` +
          `Add people with these roles, or set policy.gates.${gate}`,
      },
    ];
  });
}

function pollingFindings(estate: Estate, name: string): readonly Finding[] {
  const { fastestSeconds, slowestSeconds } = pinInstance(estate, name).policy.polling;
  if (fastestSeconds <= slowestSeconds) return [];
  const own = estate.instances[name]?.policy?.polling !== undefined;
  return [
    {
      path: [...(own ? ['instances', name] : []), 'policy', 'polling'],
      message: `fastest (${fastestSeconds}s) must not be longer than slowest (${slowestSeconds}s)`,
    },
  ];
}

/** Two sites that share a resource of one region: a fence of one would hit the other. */
function siteFindings(estate: Estate, name: string): readonly Finding[] {
  const seen = new Map<string, string>();
  return Object.entries(estate.instances[name]?.sites ?? {}).flatMap(([site, entry]) => {
    const resources: readonly (readonly [string, readonly string[]])[] = [
      [`database ${entry.database.id}`, ['database', 'id']],
      [`Auto Scaling group ${entry.nodes.autoScalingGroup}`, ['nodes', 'autoScalingGroup']],
      [`file server ${entry.fileServer.instanceId}`, ['fileServer', 'instanceId']],
      [`load balancer ${entry.loadBalancer.name}`, ['loadBalancer', 'name']],
      [`stack ${entry.stack.name}`, ['stack', 'name']],
    ];
    return resources.flatMap(([resource, path]) => {
      const key = `${entry.region} ${resource}`;
      const other = seen.get(key);
      seen.set(key, site);
      if (other === undefined) return [];
      return [
        {
          path: ['instances', name, 'sites', site, ...path],
          message: `${resource} in ${entry.region} is already part of site "${other}"`,
        },
      ];
    });
  });
}
