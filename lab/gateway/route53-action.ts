/** Operations of Route 53 that have a path of their own; `{}` stands for one path segment. */
const OPERATIONS: Readonly<Record<string, string>> = {
  'POST hostedzone': 'CreateHostedZone',
  'GET hostedzone': 'ListHostedZones',
  'GET hostedzonecount': 'GetHostedZoneCount',
  'GET hostedzonesbyname': 'ListHostedZonesByName',
  'GET hostedzonesbyvpc': 'ListHostedZonesByVPC',
  'GET hostedzone/{}': 'GetHostedZone',
  'POST hostedzone/{}': 'UpdateHostedZoneComment',
  'DELETE hostedzone/{}': 'DeleteHostedZone',
  'POST hostedzone/{}/rrset': 'ChangeResourceRecordSets',
  'GET hostedzone/{}/rrset': 'ListResourceRecordSets',
  'POST hostedzone/{}/associatevpc': 'AssociateVPCWithHostedZone',
  'POST hostedzone/{}/disassociatevpc': 'DisassociateVPCFromHostedZone',
  'GET hostedzone/{}/dnssec': 'GetDNSSEC',
  'GET change/{}': 'GetChange',
  'POST healthcheck': 'CreateHealthCheck',
  'GET healthcheck': 'ListHealthChecks',
  'GET healthcheck/{}': 'GetHealthCheck',
  'POST healthcheck/{}': 'UpdateHealthCheck',
  'DELETE healthcheck/{}': 'DeleteHealthCheck',
  'GET healthcheck/{}/status': 'GetHealthCheckStatus',
  'GET tags/{}/{}': 'ListTagsForResource',
  'POST tags/{}/{}': 'ChangeTagsForResource',
  'GET testdnsanswer': 'TestDNSAnswer',
};

/** Name of a Route 53 operation from its method and path, e.g. `GetChange` for `GET /2013-04-01/change/C1`. */
export function route53Action(method: string, path: string): string {
  const [root = '', ...rest] = path.split('/').filter((part) => part !== '' && part !== '2013-04-01');
  const last = rest.at(-1);
  const suffix = rest.length === 2 && root !== 'tags' && last !== undefined ? [last] : [];
  const shape = suffix.length > 0 ? [root, '{}', ...suffix] : [root, ...rest.map(() => '{}')];
  return OPERATIONS[`${method} ${shape.join('/')}`] ?? `${method} ${path}`;
}
