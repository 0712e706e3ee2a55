import { AwsFault } from '../gateway/overlay';
import type { XmlNode } from '../gateway/reply';
import { children, text } from '../gateway/reply';
import type { ComputeContext } from './context';
import { DURATIONS } from './context';

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

const CODES: Readonly<Record<InstanceState, string>> = {
  pending: '0',
  running: '16',
  'shutting-down': '32',
  terminated: '48',
  stopping: '64',
  stopped: '80',
};

export interface NewInstance {
  readonly instanceId: string;
  readonly region: string;
  readonly role: 'node' | 'fileServer';
  readonly group?: string;
}

interface Instance extends NewInstance {
  readonly address: string;
  readonly launched: Promise<void>;
  state: InstanceState;
}

/** The machines behind EC2 instances: their states over virtual time, and their loopback addresses. */
export class Instances {
  private readonly all = new Map<string, Instance>();
  private readonly listeners: ((instanceId: string, region: string) => void)[] = [];

  constructor(private readonly context: ComputeContext) {}

  /** Boots a machine for an instance that the emulator has created. @returns when it runs */
  launch(instance: NewInstance): Promise<void> {
    const address = this.context.network.allocate(instance.region);
    const launched = this.boot({ ...instance, address });
    this.all.set(instance.instanceId, { ...instance, address, launched, state: 'pending' });
    return launched;
  }

  /** Ends a machine, also one that is still booting. @returns when it is terminated */
  async terminate(instanceId: string): Promise<void> {
    const instance = this.all.get(instanceId);
    if (instance === undefined || instance.state === 'shutting-down' || instance.state === 'terminated')
      return;
    instance.state = 'shutting-down';
    await instance.launched.catch(() => undefined);
    await this.context.hosts.terminate(instanceId);
    await this.context.schedule.pause(instance.region, DURATIONS.instanceShuttingDown);
    instance.state = 'terminated';
    for (const listener of this.listeners) listener(instanceId, instance.region);
  }

  /** @throws AwsFault unless it is in one of the states */
  require(instanceId: string, ...states: readonly InstanceState[]): void {
    const state = this.stateOf(instanceId);
    if (state === undefined || states.includes(state)) return;
    const message = `The instance '${instanceId}' is not in a state from which it can be changed: it is ${state}.`;
    throw new AwsFault('IncorrectInstanceState', message);
  }

  async powerOff(instanceId: string): Promise<void> {
    const instance = this.all.get(instanceId);
    if (instance?.state !== 'running') return;
    instance.state = 'stopping';
    await this.context.hosts.powerOff(instanceId);
    await this.context.schedule.pause(instance.region, DURATIONS.instanceStopping);
    if (stateNow(instance) === 'stopping') instance.state = 'stopped';
  }

  async powerOn(instanceId: string): Promise<void> {
    const instance = this.all.get(instanceId);
    if (instance?.state !== 'stopped') return;
    instance.state = 'pending';
    await this.context.schedule.pause(instance.region, DURATIONS.instancePending);
    if (stateNow(instance) !== 'pending') return;
    await this.context.hosts.powerOn(instanceId);
    instance.state = 'running';
  }

  /** Calls back whenever an instance has been terminated, by whomever. */
  onTerminated(listener: (instanceId: string, region: string) => void): void {
    this.listeners.push(listener);
  }

  addressOf(instanceId: string): string | undefined {
    const instance = this.all.get(instanceId);
    return instance?.state === 'terminated' ? undefined : instance?.address;
  }

  stateOf(instanceId: string): InstanceState | undefined {
    return this.all.get(instanceId)?.state;
  }

  /** The emulator's description of an instance with the state and the address that it has here. */
  repair(item: XmlNode): XmlNode {
    const instance = this.all.get(text(item, 'instanceId'));
    if (instance === undefined) return item;
    const { state, address } = instance;
    const instanceState = { code: CODES[state], name: state };
    if (state === 'terminated') return { ...without(item, 'privateIpAddress', 'ipAddress'), instanceState };
    const interfaces = children(item, 'networkInterfaceSet', 'item').map((each) => ({
      ...each,
      privateIpAddress: address,
      privateIpAddressesSet: { item: { primary: 'true', privateIpAddress: address } },
    }));
    return {
      ...item,
      instanceState,
      privateIpAddress: address,
      privateDnsName: `ip-${address.replaceAll('.', '-')}.${instance.region}.compute.internal`,
      networkInterfaceSet: { item: interfaces },
    };
  }

  private async boot(instance: NewInstance & { readonly address: string }): Promise<void> {
    await this.context.schedule.pause(instance.region, DURATIONS.instancePending);
    await this.context.hosts.launch(instance);
    const record = this.all.get(instance.instanceId);
    if (record?.state === 'pending') record.state = 'running';
  }
}

/** The state after a wait, whatever it was before. */
function stateNow(instance: Instance): InstanceState {
  return instance.state;
}

function without(item: XmlNode, ...names: readonly string[]): XmlNode {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)));
}
