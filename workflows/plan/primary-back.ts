import { describeObserved } from '../runbook/observed';
import type { Problem } from '../runbook/step';
import type { SiteFacts } from '../steps/observe-site';
import { countServing } from './primary-health';

/**
 * The lost region answers again while everything can still be taken back: whether users are better off with a failover
 * is no longer what was approved.
 */
export function primaryIsBack(primary: SiteFacts): Problem {
  const nodes = describeObserved(
    primary.nodes,
    (all) => `${countServing(all)} of ${all.length} nodes serving`,
  );
  const database = describeObserved(primary.database, ({ status }) => status);
  return {
    code: 'primaryIsBack',
    message: `${primary.region} answers again: ${nodes} at ${primary.site}, its database ${database}.`,
    remedy: `Deny to take everything back and stay with ${primary.site}; approve to fence it and go on.`,
    consent: 'primaryAlive',
  };
}
