import { unmountFormerHome } from '../../workflows/steps/home-volume';
import type { UnmountFormerHome } from '../../workflows/steps/home-volume';
import type { Check, Facts, Problem } from '../../workflows/runbook/step';
import { findInstance } from '../aws/ec2/find-instances';
import { isSameDevice } from '../aws/ec2/volume-layout';
import { isUnreachable } from '../aws/observe';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { needsPeople } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { change, exportParameters, volumesParameter, words } from './file-server';
import { homeFacts, lookAtHome, showVolumes } from './home-state';
import type { HomeState } from './home-state';
import { DEVICE_SECONDS } from './mount-home';
import { HOST_COMMAND_ACTIONS } from './run-command';

type Output = { readonly unmounted: boolean };

/**
 * [B §13.1 #5, A §3.1] A volume that is detached while it is mounted stays `busy`, or is pulled away under its file system.
 * The NFS server stays as it is, for it is `mountHome` that needs it next.
 */
export function unmountFormerHomeImplementation(dependencies: Dependencies): StepImplementation {
  const { aws } = dependencies;
  /** What is there; undefined where no volume is attached, so that nothing can be mounted. */
  const look = async (input: UnmountFormerHome): Promise<HomeState | undefined> =>
    (await hasVolumes(dependencies, input)) ? lookAtHome(aws, input, 0) : undefined;

  return implementStep<UnmountFormerHome, Output>(unmountFormerHome, {
    actions: [...HOST_COMMAND_ACTIONS, 'ec2:DescribeInstances'],

    async check(input) {
      exportParameters(input.fileServer);
      if (!(await hasVolumes(dependencies, input))) return checked(input, undefined, []);
      try {
        const state = await lookAtHome(aws, input, 0);
        return checked(input, state, mountedOf(state));
      } catch (error) {
        if (!isUnreachable(error) && !needsPeople(error)) throw error;
        return checked(input, undefined, null, [takesNoCommands(input, error)]);
      }
    },

    async run(input) {
      const state = await look(input);
      if (state === undefined || mountedOf(state).length === 0) return { unmounted: false };
      await change(aws, input, 'unmount-home', {
        VOLUMES: volumesParameter(input.fileServer),
        EXPORT_PATH: input.fileServer.exportPath,
        DISABLE: 'no',
      });
      return { unmounted: true };
    },

    async verify(input, output, context) {
      const state = await look(input);
      if (state !== undefined && mountedOf(state).length > 0)
        throw lookAgain(`still mounted: ${showVolumes(state)}`, context);
      const facts = state === undefined ? { volumes: 'none attached' } : homeFacts(state);
      return { output: output ?? { unmounted: false }, facts };
    },

    async undo(input, { before, output }) {
      const { fileServer } = input;
      const names = words(typeof before.formerlyMounted === 'string' ? before.formerlyMounted : '');
      const volumes = fileServer.volumes.filter(({ name }) => names.includes(name));
      const followUp = byHand(input, before, output);
      const told = followUp === undefined ? {} : { followUp };
      if (volumes.length === 0) return { changed: false, facts: {}, ...told };
      const { facts } = await change(aws, input, 'remount-home', {
        ...exportParameters(fileServer),
        VOLUMES: volumesParameter({ ...fileServer, volumes }),
        DEVICE_SECONDS: String(DEVICE_SECONDS),
        EXPORT: before.exportedTo === '' ? 'no' : 'yes',
        ACTIVE: before.nfsServer === 'active' ? 'yes' : 'no',
      });
      const now = homeFacts(await lookAtHome(aws, input, 0));
      return { changed: facts.changed === 'yes', facts: now, ...told };
    },
  });
}

/** @param mounted what is mounted by which volume; null where nobody could look */
function checked(
  { region, fileServer }: UnmountFormerHome,
  state: HomeState | undefined,
  mounted: readonly string[] | null,
  problems: readonly Problem[] = [],
): Check<Output> {
  const done = mounted?.length === 0;
  const call = {
    service: 'host',
    action: 'unmount-home.sh',
    region,
    target: fileServer.instanceId,
    parameters: { exportPath: fileServer.exportPath },
  };
  return {
    state: done ? 'done' : 'needed',
    before: {
      ...(state === undefined ? {} : homeFacts(state)),
      formerlyMounted: mounted === null ? null : state === undefined ? '' : ofEstate(state).join(' '),
    },
    calls: done ? [] : [call],
    problems,
    output: { unmounted: !done },
    undo: done
      ? 'nothing to be taken back'
      : 'mount the volumes again, and export them if they were exported',
    ...(state === undefined || done ? {} : { notes: [`volumes now: ${showVolumes(state)}`] }),
  };
}

/** Whether EC2 has a volume on one of the home's devices. It knows without the host's help, which may be off. */
async function hasVolumes(
  dependencies: Dependencies,
  { region, fileServer }: UnmountFormerHome,
): Promise<boolean> {
  const server = await findInstance(dependencies, region, fileServer.instanceId);
  return fileServer.volumes.some(({ device }) =>
    server?.BlockDeviceMappings?.some(({ DeviceName = '' }) => isSameDevice(DeviceName, device)),
  );
}

/** Volumes in whose places something is mounted. */
function mountedOf({ volumes }: HomeState): readonly string[] {
  return Object.keys(volumes).filter((name) => !['unmounted', 'absent'].includes(volumes[name] ?? ''));
}

/** Those of them that are on the devices of the estate: only these can be mounted again from it. */
function ofEstate({ volumes }: HomeState): readonly string[] {
  return Object.keys(volumes).filter((name) => volumes[name] === 'mounted');
}

function byHand(
  { region, fileServer }: UnmountFormerHome,
  before: Facts,
  output: Output | undefined,
): string | undefined {
  const where = `${fileServer.instanceId} in ${region}`;
  if (before.formerlyMounted === null && output?.unmounted !== false)
    return `Look what is to be mounted on ${where}: what was before could not be seen.`;
  const volumes = String(before.volumes ?? '');
  return volumes.includes(' other ')
    ? `Mount on ${where} again what was there from devices that the estate does not name: ${volumes}.`
    : undefined;
}

function takesNoCommands({ region, fileServer }: UnmountFormerHome, error: unknown): Problem {
  return {
    code: 'formerHomeUnreachable',
    message:
      `The file server ${fileServer.instanceId} in ${region} has a volume in the place of the home, and cannot be worked ` +
      `on: ${error instanceof Error ? error.message : String(error)}`,
    remedy:
      'Start the instance, and its Systems Manager agent with a role that may talk to the service. Or consent, unmount ' +
      'the volume by hand when the step fails, and skip it.',
    consent: 'handMount',
  };
}
