import type { Finding } from './check';
import type { Estate } from './schema';

/** A copy within one region is none: it would be lost together with what it is a copy of. */
export function copyFindings(estate: Estate, name: string): readonly Finding[] {
  const { backup, sites = {} } = estate.instances[name] ?? {};
  return (backup?.copies ?? []).flatMap(({ site }, index) => {
    const region = sites[site]?.region;
    const others = Object.entries(sites).filter(([other]) => other !== site);
    const isAlone = region !== undefined && others.length > 0;
    if (!isAlone || others.some((entry) => entry[1].region !== region)) return [];
    const from = others.map(([other]) => other).join(', ');
    return [
      {
        path: ['instances', name, 'backup', 'copies', index, 'site'],
        message: `is in ${region}, as ${from} is: a copy within the region would be lost with it`,
      },
    ];
  });
}
