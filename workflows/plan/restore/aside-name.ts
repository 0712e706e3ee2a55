import { compactTime } from '../backup/name';

const LONGEST = 63;

/** `bitbucket-db-20261121t160000z`: what the replaced database is called from the time of its restore on. @param at ISO 8601 */
export function asideName(databaseId: string, at: string): string {
  const time = compactTime(at).toLowerCase();
  const room = LONGEST - time.length - 1;
  return `${databaseId.slice(0, room).replace(/-+$/, '')}-${time}`;
}
