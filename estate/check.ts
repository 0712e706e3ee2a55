import { copyFindings } from './check-copies';
import { drillFindings } from './check-drill';
import { scheduleFindings } from './check-schedules';
import { searchFindings } from './check-search';
import { vaultFindings } from './check-vaults';
import { pinInstance } from './pin';
import type { Estate } from './schema';

/** Something wrong with the estate as a whole, at a place in it. */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What no single member can tell: gates that nobody could pass, contradictory figures, two names for one thing. */
export function crossCheck(estate: Estate): readonly Finding[] {
  const ofInstances = Object.keys(estate.instances).flatMap((name) => [
    ...gateFindings(estate, name),
    ...escalationFindings(estate, name),
    ...pollingFindings(estate, name),
    ...siteFindings(estate, name),
    ...copyFindings(estate, name),
    ...drillFindings(estate, name),
    ...vaultFindings(estate, name),
    ...searchFindings(estate, name),
  ]);
  return [...ofInstances, ...scheduleFindings(estate)];
}

function gateFindings(estate: Estate, name: string): readonly Finding[] {
  const { policy, people } = pinInstance(estate, name);
  if (policy.failures.identity === 'signed' && !people.some((person) => person.publicKey !== undefined)) {
    const own = estate.instances[name]?.policy?.failures?.identity !== undefined;
    const path = [...(own ? ['instances', name] : []), 'policy', 'failures', 'identity'];
    return [{ path, message: 'nobody of people has a publicKey: nobody could decide about a failed step' }];
  }
  return Object.entries(policy.gates).flatMap(([gate, rule]) => {
    if (rule === 'auto' || isUnused(estate, name, gate)) return [];
    const fit = people.filter(
      (person) => rule.roles.length === 0 || person.roles.some((role) => rule.roles.includes(role)),
    );
    const signed = rule.identity === 'signed';
    const able = signed ? fit.filter((person) => person.publicKey !== undefined) : fit;
    if (able.length >= rule.approvals) return [];
    const remedy =
      fit.length >= rule.approvals
        ? 'Give these people a publicKey (runbooks key create)'
        : 'Add people with these roles';
    return [
      {
        path: gatePath(estate, name, gate),
        message:
          `gate "${gate}" of ${name} can never be passed: it needs ${rule.approvals} of ` +
          `${rule.roles.join(', ') || 'anybody'}${signed ? ' with a publicKey' : ''}, and people has ${able.length}. ` +
          `${remedy}, or set policy.gates.${gate}`,
      },
    ];
  });
}

/** Gates of the runbooks about backups, in an instance that is not backed up by us. */
function isUnused(estate: Estate, name: string, gate: string): boolean {
  return ['pruneBackups', 'removeOrphans'].includes(gate) && estate.instances[name]?.backup === undefined;
}

function gatePath(estate: Estate, name: string, gate: string): Finding['path'] {
  const own = estate.instances[name]?.policy?.gates?.[gate] !== undefined;
  return [...(own ? ['instances', name] : []), 'policy', 'gates', gate];
}

/** A question that is passed on to nobody, or after its own deadline, is not passed on. */
function escalationFindings(estate: Estate, name: string): readonly Finding[] {
  const { policy, people } = pinInstance(estate, name);
  const own = estate.instances[name]?.policy?.failures?.escalate !== undefined;
  const { escalate, decisionTimeoutSeconds } = policy.failures;
  const failures = {
    path: [...(own ? ['instances', name] : []), 'policy', 'failures'],
    rule: { escalate, timeoutSeconds: decisionTimeoutSeconds },
  };
  const gates = Object.entries(policy.gates).flatMap(([gate, rule]) =>
    rule === 'auto' ? [] : [{ path: gatePath(estate, name, gate), rule }],
  );
  return [...gates, failures].flatMap(({ path, rule }) => {
    const { escalate: second, timeoutSeconds } = rule;
    if (second === undefined) return [];
    const at = [...path, 'escalate'];
    const known = people.some((person) => person.roles.some((role) => second.roles.includes(role)));
    return [
      ...(known
        ? []
        : [
            { path: [...at, 'roles'], message: `nobody of people has the role ${second.roles.join(' or ')}` },
          ]),
      ...(second.afterSeconds < timeoutSeconds
        ? []
        : [
            {
              path: [...at, 'after'],
              message: `must be shorter than the time after which the question is closed (${timeoutSeconds}s)`,
            },
          ]),
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
      ...(entry.database.cluster === undefined
        ? []
        : [[`cluster ${entry.database.cluster}`, ['database', 'cluster']] as const]),
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
