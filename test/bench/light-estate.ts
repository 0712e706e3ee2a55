import { stringify } from 'yaml';
import type { EstateInput } from '../../estate/schema';
import { labPolicy } from '../../lab/world/lab-policy';

const secret = 'env:LIGHT_PASSWORD';

/** So many installations of one site each, as `light-aws.ts` answers for them. @param port of every Bitbucket node */
export function lightEstate(count: number, port: number, scale: number): string {
  const instances = Object.fromEntries(
    Array.from({ length: count }, (_, number) => [`light-${number}`, installation(String(number), port)]),
  );
  const estate: EstateInput = {
    instances,
    people: [
      { name: 'ada', roles: ['operator'] },
      { name: 'grace', roles: ['operator'] },
      { name: 'margaret', roles: ['manager'] },
    ],
    policy: { ...labPolicy(scale), fleet: { errorThreshold: '100%' } },
  };
  return stringify(estate);
}

function installation(number: string, port: number): EstateInput['instances'][string] {
  const login = { username: 'light', password: secret };
  return {
    url: 'https://light.example.com',
    dns: { zoneId: 'Z1', name: 'light.example.com' },
    credentials: { administrator: login, probe: login, database: login },
    probeRepository: { project: 'OPS', slug: 'probe' },
    backup: { store: { bucket: 'light', region: 'eu-west-1' } },
    sites: {
      primary: {
        region: 'eu-central-1',
        stack: { name: number },
        nodes: { autoScalingGroup: number, count: 1, port },
        fileServer: {
          instanceId: `i-${number}`,
          exportTo: '10.0.0.0/16(rw)',
          volumes: { home: { device: '/dev/xvdf', mountPoint: '/media/atl' } },
        },
        database: { id: number, securityGroups: ['sg-1'] },
        loadBalancer: { name: number },
      },
    },
  };
}
