import type { DrillSite } from '../../../workflows/plan/instance';
import type { StepContext } from '../../../workflows/runbook/step';
import { findRemains } from '../../../workflows/steps/verify';
import type { DrillFacts } from '../../../workflows/steps/verify';
import type { Dependencies } from '../../dependencies';
import { lookAtHome } from '../../hosts/home-state';
import type { HomeState } from '../../hosts/home-state';
import { HOST_COMMAND_ACTIONS } from '../../hosts/run-command';
import { implementObservation } from '../../implement';
import type { ObservationImplementation } from '../../implement';
import { findMembers, isHeld } from '../backup/hold-backup';
import { actionsOf } from '../backup/part-kinds';
import { findVolumes } from '../ec2/find-volumes';
import { lookAtDrillSite } from './observe-drill-site';

/** Looks by itself, at everything that a trial makes: what the steps say of their undo is not asked. */
export function findRemainsImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation(
    findRemains,
    [
      'autoscaling:DescribeAutoScalingGroups',
      'cloudformation:DescribeStacks',
      'ec2:DescribeInstances',
      'ec2:DescribeVolumes',
      'rds:DescribeDBClusters',
      'rds:DescribeDBInstances',
      ...actionsOf('list'),
      ...HOST_COMMAND_ACTIONS,
    ],
    async ({ drill, hold }, context) => {
      const [facts, volumes, home, members] = await Promise.all([
        lookAtDrillSite(dependencies, drill),
        ownVolumes(dependencies, drill, context),
        lookAtHome(dependencies.aws, drill, 0),
        findMembers(dependencies, hold, context),
      ]);
      const held = members
        .filter((one) => isHeld(one, context))
        .map(({ id }) => `the tag of this run on ${id}`);
      return { remains: [...remainsOf(drill, facts, home), ...volumes, ...held] };
    },
  );
}

function remainsOf({ nodes, database }: DrillSite, facts: DrillFacts, home: HomeState): readonly string[] {
  const { group } = facts;
  const mounted = Object.entries(home.volumes).filter(
    ([, state]) => state === 'mounted' || state.startsWith('other'),
  );
  return [
    ...(group === null || group.desired + group.instances === 0
      ? []
      : [`${group.instances} nodes of ${nodes.autoScalingGroup}, which wants ${group.desired}`]),
    ...(facts.database === null ? [] : [`database ${database.id} (${facts.database.status})`]),
    ...(!facts.cluster ? [] : [`database cluster ${database.cluster ?? ''} (${facts.cluster.status})`]),
    ...facts.attached.map((volume) => `attached volume ${volume}`),
    ...mounted.map(([name, state]) => `volume ${name} is ${state}`),
    ...home.export.clients.map((client) => `the export to ${client}`),
  ];
}

async function ownVolumes(
  dependencies: Dependencies,
  { region }: DrillSite,
  { run }: StepContext,
): Promise<readonly string[]> {
  const volumes = await findVolumes(dependencies, region, `volumes of ${run.workflowId}`, {
    Filters: [{ Name: 'tag:runbooks:run', Values: [run.workflowId] }],
  });
  return volumes
    .filter(({ State }) => State !== 'deleting' && State !== 'deleted')
    .map(({ VolumeId = '?', State = '?' }) => `volume ${VolumeId} (${State})`);
}
