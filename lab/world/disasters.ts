/** What can be broken on purpose, by name. */
export const DISASTERS = {
  'region-down': 'the primary region loses its power: API, machines, databases, load balancer',
  partition: 'the primary region is cut off but goes on working: API unreachable, replication interrupted',
  'node-hang': 'one node of the primary site stops answering without ending',
  'database-down': 'the database server of the primary site dies',
  'nfs-hang': 'the file server of the primary site stops serving the shared home',
  throttle: 'AWS refuses the next calls of every service for exceeding the rate',
  'lost-replies': 'the answers of the next mutating AWS calls are lost after the calls took effect',
} as const;

export type Disaster = keyof typeof DISASTERS;

export function isDisaster(name: string): name is Disaster {
  return Object.hasOwn(DISASTERS, name);
}
