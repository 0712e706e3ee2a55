import { Balancers } from '../balancer/balancers';
import { classicOverlay } from '../balancer/classic-overlay';
import { Calendar } from '../clock/calendar';
import type { VirtualClock } from '../clock/virtual-clock';
import { Emulator } from '../gateway/emulator';
import type { Overlay } from '../gateway/overlay';
import type { LabDirectory } from '../world/directory';
import type { WorldBus } from '../world/events';
import type { LabNetwork } from '../world/network';
import { Engine } from './auto-scaling/engine';
import { autoScalingOverlay } from './auto-scaling/overlay';
import { ClientTokens } from './client-tokens';
import type { ComputeContext, ComputeHosts } from './context';
import { instanceOverlay } from './instance-overlay';
import { Instances } from './instances';
import { Schedule } from './schedule';
import { securityGroupOverlay } from './security-group-overlay';
import { snapshotHolds } from './snapshot-holds';
import { snapshotOverlay } from './snapshot-overlay';
import { Snapshots } from './snapshots';
import { volumeOverlay } from './volume-overlay';
import { Volumes } from './volumes';

export interface ComputeOptions {
  readonly clock: VirtualClock;
  readonly directory: LabDirectory;
  readonly network: LabNetwork;
  readonly hosts: ComputeHosts;
  readonly bus: WorldBus;
  readonly emulatorUrl: string;
}

/** EC2, EBS, Auto Scaling and Classic load balancers of the emulated regions. */
export interface Compute {
  readonly overlays: readonly Overlay[];
  readonly balancers: Balancers;
  readonly volumes: Pick<Volumes, 'giveUpNext'>;
  /** Power loss: load balancers refuse connections and everything under way stands still. Hosts are not touched. */
  crash(region: string): Promise<void>;
  /** Power is back: what was under way goes on, groups make up for what they miss. Bring the hosts back first. */
  restore(region: string): Promise<void>;
  stop(): Promise<void>;
}

export function createCompute(options: ComputeOptions): Compute {
  const { clock, directory, network, hosts, bus } = options;
  const schedule = new Schedule(clock, bus);
  const emulator = new Emulator(options.emulatorUrl);
  const calendar = new Calendar(directory.calendar);
  const context: ComputeContext = { schedule, calendar, directory, network, hosts, bus, emulator };
  const instances = new Instances(context);
  const volumes = new Volumes(context);
  const snapshots = new Snapshots(context);
  const balancers = new Balancers(clock, network, (instanceId) => instances.addressOf(instanceId));
  const engine = new Engine(context, instances, balancers);
  const tokens = new ClientTokens();
  const exists = (instanceId: string): boolean => instances.addressOf(instanceId) !== undefined;
  return {
    overlays: [
      instanceOverlay(context, instances, volumes, tokens),
      volumeOverlay(context, volumes, snapshots, instances, tokens),
      snapshotOverlay(context, snapshots),
      snapshotHolds(),
      securityGroupOverlay(context),
      autoScalingOverlay(engine),
      classicOverlay(balancers, exists, (name, work) => schedule.run(name, work)),
    ],
    balancers,
    volumes,
    async crash(region) {
      schedule.crash(region);
      await balancers.crash(region);
    },
    async restore(region) {
      await balancers.restore(region);
      schedule.restore(region);
    },
    async stop() {
      await balancers.stop();
      await schedule.stop();
      emulator.stop();
    },
  };
}
