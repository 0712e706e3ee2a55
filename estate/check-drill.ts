import type { Finding } from './check';
import type { Estate } from './schema';

/** What a site or a drill site is made of, as far as both have it. */
interface Place {
  readonly region: string;
  readonly stack: { readonly name: string };
  readonly nodes: { readonly autoScalingGroup: string };
  readonly fileServer: { readonly instanceId: string };
  readonly database: {
    readonly id: string;
    readonly cluster?: string | undefined;
    readonly securityGroups: readonly string[];
  };
}

interface Resource {
  /** Equal for the same thing in AWS. */
  readonly key: string;
  readonly name: string;
  readonly path: Finding['path'];
}

/**
 * A drill site that shares anything with a serving site: a trial would write to production, and its end would delete it.
 * Nor may two instances try their backups in one place, or one try them where none of its backups is.
 */
export function drillFindings(estate: Estate, name: string): readonly Finding[] {
  const own = estate.instances[name];
  const drill = own?.backup?.drill;
  if (own === undefined || drill === undefined) return [];
  const at = ['instances', name, 'backup', 'drill'];
  const regions = Object.values(own.sites).map(({ region }) => region);
  const taken = ownersOf(estate, name);
  return [
    ...(regions.includes(drill.region)
      ? []
      : [
          {
            path: [...at, 'region'],
            message: `no site of ${name} is in ${drill.region}, so no backup is there: choose ${[...new Set(regions)].join(' or ')}`,
          },
        ]),
    ...resourcesOf(drill).flatMap((resource) => {
      const owner = taken.get(resource.key);
      if (owner === undefined) return [];
      const message = `${resource.name} is part of ${owner}: a trial would write there, and delete it at its end`;
      return [{ path: [...at, ...resource.path], message }];
    }),
  ];
}

/** Whose everything is, but for the drill site of the instance itself. */
function ownersOf({ instances }: Estate, except: string): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [instance, { sites, backup }] of Object.entries(instances)) {
    const places: [string, Place][] = Object.entries(sites).map(([site, place]) => [
      `site "${site}" of ${instance}`,
      place,
    ]);
    if (backup?.drill !== undefined && instance !== except)
      places.push([`the drill site of ${instance}`, backup.drill]);
    for (const [owner, place] of places)
      for (const { key } of resourcesOf(place)) owners.set(key, owners.get(key) ?? owner);
  }
  return owners;
}

function resourcesOf({ region, stack, nodes, fileServer, database }: Place): readonly Resource[] {
  const named = (name: string, key: string, path: Finding['path']): Resource => ({
    key: `${region} ${key}`,
    name: `${name} in ${region}`,
    path,
  });
  return [
    // RDS knows its identifiers by their letters, not by their case.
    named(`database ${database.id}`, `database ${database.id.toLowerCase()}`, ['database', 'id']),
    ...(database.cluster === undefined
      ? []
      : [
          named(`cluster ${database.cluster}`, `cluster ${database.cluster.toLowerCase()}`, [
            ...['database', 'cluster'],
          ]),
        ]),
    named(`Auto Scaling group ${nodes.autoScalingGroup}`, `group ${nodes.autoScalingGroup}`, [
      ...['nodes', 'autoScalingGroup'],
    ]),
    named(`stack ${stack.name}`, `stack ${stack.name}`, ['stack', 'name']),
    // Ids of EC2 are the same nowhere else.
    {
      key: fileServer.instanceId,
      name: `file server ${fileServer.instanceId}`,
      path: ['fileServer', 'instanceId'],
    },
    ...database.securityGroups.map((group, index) => ({
      key: group,
      name: `security group ${group}`,
      path: ['database', 'securityGroups', index],
    })),
  ];
}
