import { mountHome } from '../../workflows/steps/home-volume';
import type { MountHome } from '../../workflows/steps/home-volume';
import { isLater } from '../../workflows/runbook/later';
import type { Check, Problem, StepContext } from '../../workflows/runbook/step';
import type { AwsClients } from '../aws/clients';
import { otherVolumes } from '../aws/ec2/other-volumes';
import { isUnreachable } from '../aws/observe';
import { lookAgain, mayBeStale } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { needsPeople, needsPerson, terminal } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { change, exportParameters, storesOf, volumesParameter } from './file-server';
import type { FileServerPlace } from './file-server';
import { homeFacts, isExported, lookAtHome, showVolumes } from './home-state';
import type { HomeState } from './home-state';
import { HOST_COMMAND_ACTIONS } from './run-command';

interface Mounted {
  readonly repositories: number;
  readonly sampled: number;
}

/** Repositories whose connectivity is checked, the newest first. */
const SAMPLE = 5;
/** How long one attempt waits for a device to appear, seconds; the next attempt waits again. */
export const DEVICE_SECONDS = 20;
/** Replaying a file system's log, changing owners and searching locks take long on a large home, seconds. */
const MOUNT_SECONDS = 840;

/** [B §13.1 #5] Volumes mounted, stale locks gone, home exported; proven by looking, with a sample of repositories. */
export function mountHomeImplementation(dependencies: Dependencies): StepImplementation {
  const { aws } = dependencies;
  /** Another home, if a sound one, passes every later check: what those count comes from the database. */
  const refuseOthers = async (input: MountHome, context: StepContext): Promise<void> => {
    const others = await otherVolumes(dependencies, input);
    if (others.length === 0) return;
    const words = othersThere(input, others);
    if (mayBeStale()) throw lookAgain(words, context);
    throw needsPerson(`${words}. ${OTHERS_REMEDY}`);
  };

  return implementStep<MountHome, Mounted>(mountHome, {
    actions: [...HOST_COMMAND_ACTIONS, 'ec2:DescribeInstances'],

    async check(input, context) {
      exportParameters(input.fileServer);
      const others = await otherVolumes(dependencies, input);
      if (others.length > 0 && mayBeStale()) throw lookAgain(othersThere(input, others), context);
      const problems = others.length === 0 ? [] : [otherVolume(input, others)];
      try {
        return checked(input, await lookAtHome(aws, input, 0), problems);
      } catch (error) {
        if (!isUnreachable(error) && !needsPeople(error)) throw error;
        return checked(input, undefined, [...problems, takesNoCommands(input, error)]);
      }
    },

    async run(input, context) {
      await refuseOthers(input, context);
      await mountAndExport(aws, input);
      const { repositories } = await lookAtHome(aws, input, 0);
      return { repositories: repositories ?? 0, sampled: 0 };
    },

    async verify(input, _output, context) {
      await refuseOthers(input, context);
      const state = await lookAtHome(aws, input, SAMPLE);
      if (!state.mounted) throw lookAgain(`not mounted: ${showVolumes(state)}`, context);
      if (!isExported(state)) {
        throw lookAgain(`not exported: nfs-server ${state.export.active}, ${state.export.enabled}`, context);
      }
      const { repositories, sampled } = wholeHome(input, state);
      return {
        output: { repositories, sampled },
        facts: { ...homeFacts(state), sampled },
        ...(state.unfinished.length === 0
          ? {}
          : { degraded: [`too large to check in time: ${state.unfinished.join(', ')}`] }),
      };
    },

    async undo(input, { before }) {
      if (before.mounted === true && before.exportedTo !== '') return { changed: false, facts: before };
      const { facts } = await change(aws, input, 'unmount-home', {
        VOLUMES: volumesParameter(input.fileServer),
        EXPORT_PATH: input.fileServer.exportPath,
        DISABLE: before.nfsServerAtBoot === 'disabled' ? 'yes' : 'no',
      });
      return { changed: facts.changed === 'yes', facts: homeFacts(await lookAtHome(aws, input, 0)) };
    },
  });
}

/** Mounts what is attached, removes left-over locks of git, exports. Repeatable. */
export async function mountAndExport(aws: AwsClients, place: FileServerPlace): Promise<void> {
  const { fileServer } = place;
  const parameters = {
    ...exportParameters(fileServer),
    VOLUMES: volumesParameter(fileServer),
    SHARED_HOME: fileServer.sharedHome,
    STORES: storesOf(fileServer).join('\n'),
    OWNER: fileServer.owner,
    DEVICE_SECONDS: String(DEVICE_SECONDS),
  };
  await change(aws, place, 'mount-home', parameters, MOUNT_SECONDS);
}

function checked(
  { region, fileServer, volumeIds = [] }: MountHome,
  state: HomeState | undefined,
  problems: readonly Problem[] = [],
): Check<Mounted> {
  const isOther = volumeIds.some(isLater) || problems.length > 0;
  const done =
    !isOther && state !== undefined && state.mounted && isExported(state) && state.properties === true;
  const parameters = { exportPath: fileServer.exportPath, exportTo: fileServer.exportTo };
  const call = {
    service: 'host',
    action: 'mount-home.sh',
    region,
    target: fileServer.instanceId,
    parameters,
  };
  return {
    state: done ? 'done' : 'needed',
    before: state === undefined ? {} : homeFacts(state),
    calls: done ? [] : [call],
    problems,
    output: { repositories: state?.repositories ?? 0, sampled: 0 },
    undo: 'withdraw the export and unmount the volumes',
    ...(state === undefined || done ? {} : { notes: [`volumes now: ${showVolumes(state)}`] }),
  };
}

const OTHERS_REMEDY =
  'Nothing is mounted in that state. Detach what is there, attach what is wanted in its place, then retry';

function othersThere({ region, fileServer }: MountHome, others: readonly string[]): string {
  return `${fileServer.instanceId} in ${region} has other volumes than those to be mounted: ${others.join('; ')}`;
}

function otherVolume(input: MountHome, others: readonly string[]): Problem {
  return {
    code: 'otherVolumeAttached',
    message: `${othersThere(input, others)}.`,
    remedy: `${OTHERS_REMEDY}.`,
  };
}

/** A person at the machine can do what the worker cannot: the run goes on as soon as the home is there. */
function takesNoCommands({ region, fileServer }: MountHome, error: unknown): Problem {
  return {
    code: 'fileServerUnreachable',
    message: `The file server ${fileServer.instanceId} in ${region} cannot be worked on: ${error instanceof Error ? error.message : String(error)}`,
    remedy:
      'Start the instance, and its Systems Manager agent with a role that may talk to the service. Or consent, mount ' +
      'and export the home by hand when the step fails, and skip it.',
    consent: 'handMount',
  };
}

function wholeHome({ fileServer }: MountHome, state: HomeState): Mounted {
  const { sharedHome } = fileServer;
  if (state.properties !== true) {
    throw terminal(`${sharedHome} has no bitbucket.properties: the volume is not a copy of the shared home`);
  }
  if (state.repositories === null || state.repositories === 0) {
    throw terminal(
      `${sharedHome}/data/repositories is empty, and so are the data stores: Bitbucket would start without any git data`,
    );
  }
  if (state.broken.length > 0) {
    const inHome = state.broken.filter((name) => !name.startsWith('/'));
    const where = [
      ...(inHome.length === 0 ? [] : [`${inHome.join(', ')} in ${sharedHome}/data/repositories`]),
      ...state.broken.filter((name) => name.startsWith('/')),
    ];
    throw needsPerson(
      `git fsck --connectivity-only fails in ${state.broken.length} of ${state.sampled ?? 0} repositories ` +
        `(${where.join('; ')}). Use an older copy, or accept it and skip`,
    );
  }
  return { repositories: state.repositories, sampled: state.sampled ?? 0 };
}
