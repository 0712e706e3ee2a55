import { describeObserved, valueOf } from '../runbook/observed';
import type { Problem } from '../runbook/step';
import type { SiteFacts } from '../steps/observe-site';
import type { RecordTarget } from '../steps/observe-record';
import { countServing } from './primary-health';

export type Succession =
  | { readonly successor: string; readonly evidence: Readonly<Record<string, string>> }
  | { readonly problem: Problem };

/**
 * Whether another site has taken the place of the one that is to be fenced: its database is the writer, its nodes serve,
 * and the public name points to its load balancer. Each must have been seen: fencing the site in service would be the
 * outage itself.
 */
export function findSuccessor(sites: readonly SiteFacts[], fenced: string, record: RecordTarget): Succession {
  const others = sites.filter(({ site }) => site !== fenced);
  const successor = others.find((site) => whyNot(site, record) === null);
  if (successor !== undefined) {
    const nodes = valueOf(successor.nodes) ?? [];
    return {
      successor: successor.site,
      evidence: {
        'in service': `${successor.site} (${successor.region}): its database is the writer, ${countServing(nodes)} of ${nodes.length} nodes serve, the public name points to it`,
      },
    };
  }
  const seen = others.map((site) => `${site.site}: ${whyNot(site, record) ?? ''}`);
  return {
    problem: {
      code: 'noSuccessor',
      message: `No other site was seen to be in service in place of ${fenced} (${seen.join('; ')}).`,
      remedy: `${fenced} is left as it is. Look which site serves; start this again when another one does.`,
    },
  };
}

function whyNot(site: SiteFacts, { target }: RecordTarget): string | null {
  const { database, inRecovery, nodes, balancer } = site;
  if (valueOf(database)?.role !== 'writer' || valueOf(inRecovery) !== false)
    return `its database is not seen to be the writer (${describeObserved(database, ({ role, status }) => `${role}, ${status}`)})`;
  if (countServing(valueOf(nodes) ?? []) === 0)
    return `no node is seen to serve (${describeObserved(nodes, (all) => `${all.length} nodes`)})`;
  const own = valueOf(balancer)?.dnsName;
  if (own === undefined || bare(valueOf(target) ?? '') !== bare(own))
    return `the public name points to ${describeObserved(target, (name) => name ?? 'nothing')}`;
  return null;
}

function bare(name: string): string {
  return name.replace(/\.$/, '').toLowerCase();
}
