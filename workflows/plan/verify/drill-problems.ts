import type { DrillSite } from '../instance';
import type { Problem } from '../../runbook/step';
import type { DrillFacts } from '../../steps/verify';

const inUse = 'Look whose it is. If a former trial has left it, remove it by hand.';

/** A database, or a cluster, of the drill's name that no trial under way has made. */
export function databaseExists(
  region: string,
  id: string,
  { status, run }: NonNullable<DrillFacts['database']>,
  what: 'database' | 'database cluster' = 'database',
): Problem {
  const maker = run === null ? '' : `, made by ${run}`;
  return {
    code: 'drillDatabaseExists',
    message: `A ${what} ${id} exists in ${region} (${status}${maker}): nothing is restored over it, and it is not deleted.`,
    remedy: inUse,
  };
}

/**
 * Why no backup can be tried at the drill site now; empty: it is there, and free. What stands there is never taken away by
 * a trial: it may be somebody's.
 * @param version that was backed up; null = not known
 */
export function drillProblems(
  { region, stack, nodes, fileServer, database }: DrillSite,
  facts: DrillFacts,
  version: string | null,
): readonly Problem[] {
  const problem = (code: string, message: string, remedy: string): Problem => ({ code, message, remedy });
  const { instanceId } = fileServer;
  return [
    ...(facts.fileServer === 'running'
      ? []
      : [
          problem(
            'drillFileServerNotRunning',
            `The file server ${instanceId} of the drill site in ${region} is ${facts.fileServer ?? 'not there'}.`,
            'Start it, or correct it in the estate.',
          ),
        ]),
    ...facts.attached.map((volume) =>
      problem('drillInUse', `${instanceId} of the drill site has the volume ${volume} attached.`, inUse),
    ),
    ...(facts.group === null
      ? [
          problem(
            'drillGroupNotFound',
            `There is no Auto Scaling group ${nodes.autoScalingGroup} in ${region}.`,
            'Correct the drill site in the estate.',
          ),
        ]
      : []),
    ...(facts.group !== null && facts.group.desired + facts.group.instances > 0
      ? [
          problem(
            'drillInUse',
            `${nodes.autoScalingGroup} of the drill site wants ${facts.group.desired} nodes and has ${facts.group.instances}.`,
            inUse,
          ),
        ]
      : []),
    ...(facts.database === null ? [] : [databaseExists(region, database.id, facts.database)]),
    ...(!facts.cluster
      ? []
      : [databaseExists(region, database.cluster ?? '', facts.cluster, 'database cluster')]),
    ...(facts.live ?? []).map((live) =>
      problem(
        'drillNamesLiveDatabase',
        `Parameter ${live.parameter} of the stack ${stack.name} names ${live.database}, the database of ${live.site}: ` +
          'a node of the drill site would come up on it, with an old home.',
        `Let ${live.parameter} name the endpoint that ${database.cluster ?? database.id} will have in ${region}. The stack of a drill ` +
          'site must know no database of the service.',
      ),
    ),
    ...(version === null || facts.version === null || facts.version === version
      ? []
      : [
          problem(
            'otherVersion',
            `The backup was taken of Bitbucket ${version}; the nodes of the drill site run ${facts.version}.`,
            `Set BitbucketVersion of ${stack.name} to ${version}, or choose another backup.`,
          ),
        ]),
  ];
}
