import type { Invariants, LabStatus } from '../world/control-client';

/** What a person needs after `lab up`: where to look, and how to go on. */
export function renderUp(status: LabStatus, environment: Readonly<Record<string, string>>): string {
  return [
    `lab ${status.name} is up, ${status.scale} times as fast as AWS`,
    '',
    ...(status.ui === null ? [] : [`  Temporal UI   ${status.ui}`]),
    `  Bitbucket     ${status.service} (name server ${environment.LAB_DNS ?? ''})`,
    `  AWS endpoint  ${status.gateway}`,
    '',
    'In each terminal that uses it:',
    '',
    `  eval "$(runbooks lab env --name ${status.name})"`,
    '',
    'which sets:',
    '',
    ...renderEnvironment(environment)
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    'Then, for example:',
    '',
    '  runbooks setup        # once: search attributes',
    '  runbooks worker       # serves the runbooks; leave it running',
    '  runbooks lab break region-down',
    '',
  ].join('\n');
}

/** Lines for a shell's `eval`. */
export function renderEnvironment(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
}

export function renderStatus(status: LabStatus): string {
  const sites = status.sites.flatMap((site) => [
    `  ${site.name} (${site.region})${site.acceptsWrites ? ' accepts writes' : ''}`,
    `    database       ${site.database}`,
    `    load balancer  ${site.loadBalancer}`,
    ...(site.nodes.length === 0 ? ['    nodes          none'] : []),
    ...site.nodes.map((node) => `    node           ${node.id} ${node.address} ${node.state}`),
  ]);
  return [
    `lab ${status.name} (scale ${status.scale}, up since ${status.startedAt})`,
    `  broken         ${status.broken.length === 0 ? 'nothing' : status.broken.join(', ')}`,
    `  ${status.service} leads to ${status.serviceLeadsTo ?? 'nobody'}`,
    ...sites,
    '',
  ].join('\n');
}

export function renderInvariants({ checked, violations }: Invariants): string {
  const lines =
    violations.length === 0
      ? checked.map((name) => `  holds   ${name}`)
      : violations.map((each) => `  BROKEN  ${each}`);
  return `invariants\n${lines.join('\n')}\n`;
}

function quote(value: string): string {
  return /^[\w./:@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
