import type { Problem } from '../runbook/step';
import { valueOf } from '../runbook/observed';
import type { SiteFacts } from '../steps/observe-site';
import type { Site } from './instance';

/** The database that a replica of `region` names as its source: an ARN is of another region, an identifier of the same. */
export function locateSource(
  source: string,
  region: string,
): { readonly id: string; readonly region: string } {
  const parts = source.split(':');
  return { id: parts.at(-1) ?? source, region: parts.length > 1 ? (parts[3] ?? region) : region };
}

/**
 * Whether the standby's replica follows the database that is lost. After a restore it does not: the former database was
 * renamed, and the replica went with it. What is promoted then is the state before the restore.
 */
export function judgeReplicaSource(
  primary: Pick<Site, 'name' | 'region'> & { readonly database: Pick<Site['database'], 'id'> },
  standby: Pick<SiteFacts, 'site' | 'region' | 'database'>,
): readonly Problem[] {
  const source = valueOf(standby.database)?.source ?? null;
  if (source === null) return [];
  const { id, region } = locateSource(source, standby.region);
  if (id === primary.database.id && region === primary.region) return [];
  return [
    {
      code: 'otherSource',
      message: `The replica at ${standby.site} follows ${source}, not ${primary.database.id} of ${primary.name} (${primary.region}).`,
      remedy:
        'If the primary was restored, the replica holds what was there before: restore a copy of the backup instead. ' +
        'If the estate is wrong, correct it. Otherwise consent with the reason.',
      consent: 'dataLoss',
    },
  ];
}
