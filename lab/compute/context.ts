import type { Calendar } from '../clock/calendar';
import type { Emulator } from '../gateway/emulator';
import type { WorldBus } from '../world/events';
import type { LabDirectory } from '../world/directory';
import type { LabNetwork } from '../world/network';
import type { Schedule } from './schedule';

/** What this part needs of the machines behind EC2 instances. */
export interface ComputeHosts {
  launch(host: {
    readonly instanceId: string;
    readonly region: string;
    readonly address: string;
    readonly role: 'node' | 'fileServer';
    readonly group?: string;
  }): Promise<void>;
  terminate(instanceId: string): Promise<void>;
  /** Orderly power off and on of one machine. */
  powerOff(instanceId: string): Promise<void>;
  powerOn(instanceId: string): Promise<void>;
  attachDevice(instanceId: string, device: string, volumeDirectory: string): Promise<void>;
  /** Throws while the device is mounted. */
  detachDevice(instanceId: string, device: string): Promise<void>;
}

/** What the parts of EC2, EBS and Auto Scaling share. */
export interface ComputeContext {
  readonly schedule: Schedule;
  readonly calendar: Calendar;
  readonly directory: LabDirectory;
  readonly network: LabNetwork;
  readonly hosts: ComputeHosts;
  readonly bus: WorldBus;
  readonly emulator: Emulator;
}

/**
 * Virtual seconds that AWS takes, where §3 and §10 of aws.md give a figure; the others are of the usual order.
 */
export const DURATIONS = {
  instancePending: 30,
  instanceShuttingDown: 20,
  instanceStopping: 30,
  volumeCreating: 20,
  attaching: 5,
  detaching: 5,
  /** Observed: 46 s and 79 s for a small volume [A §3.1]. */
  snapshotPending: 60,
  copyPending: 120,
  /** From the launch of an instance by Auto Scaling until it is InService, without lifecycle hooks. */
  groupLaunch: 150,
  groupStandby: 20,
  groupRetry: 60,
  groupHealthCheck: 30,
} as const;

/**
 * Times in replies are what clients compare with their own clock, so they are wall-clock times, like those that the
 * emulator writes; only durations are virtual.
 */
export function timestamp(): string {
  return new Date().toISOString();
}
