import type { VirtualClock } from '../../clock/virtual-clock';
import type { HostView } from '../host-fleet';
import { ENDED, statusOf } from './command-record';
import type { CommandRecord, Invocation } from './command-record';

/** Characters of output that the service hands out [A §7]. */
const OUTPUT_LIMIT = 24_000;
const ERROR_LIMIT = 8_000;
const LISTED_LIMIT = 2_500;

export function describeCommand(record: CommandRecord): object {
  const status = statusOf(record);
  const count = (wanted: (each: Invocation) => boolean): number => record.invocations.filter(wanted).length;
  return {
    CommandId: record.commandId,
    DocumentName: record.documentName,
    DocumentVersion: '$DEFAULT',
    Comment: record.comment,
    ExpiresAfter: new Date(record.requestedAt + record.timeoutSeconds * 1000),
    Parameters: record.parameters,
    InstanceIds: record.invocations.map((each) => each.instanceId),
    Targets: [],
    RequestedDateTime: new Date(record.requestedAt),
    Status: status,
    StatusDetails: status,
    TargetCount: record.invocations.length,
    CompletedCount: count((each) => ENDED.includes(each.status)),
    ErrorCount: count((each) => each.status === 'Failed'),
    DeliveryTimedOutCount: count((each) => each.statusDetails === 'DeliveryTimedOut'),
    TimeoutSeconds: record.timeoutSeconds,
  };
}

export function describeInvocation(record: CommandRecord, invocation: Invocation): object {
  const { startedAt, endedAt } = invocation;
  const elapsed = startedAt === undefined ? undefined : ((endedAt ?? startedAt) - startedAt) / 1000;
  return {
    CommandId: record.commandId,
    InstanceId: invocation.instanceId,
    Comment: record.comment,
    DocumentName: record.documentName,
    DocumentVersion: '$DEFAULT',
    PluginName: 'aws:runShellScript',
    ResponseCode: invocation.responseCode,
    ExecutionStartDateTime: startedAt === undefined ? '' : new Date(startedAt).toISOString(),
    ExecutionElapsedTime: elapsed === undefined ? '' : `PT${elapsed}S`,
    ExecutionEndDateTime: endedAt === undefined ? '' : new Date(endedAt).toISOString(),
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
    StandardOutputContent: invocation.stdout.slice(0, OUTPUT_LIMIT),
    StandardOutputUrl: '',
    StandardErrorContent: invocation.stderr.slice(0, ERROR_LIMIT),
    StandardErrorUrl: '',
  };
}

export function listedInvocation(record: CommandRecord, invocation: Invocation, details: boolean): object {
  const { startedAt, endedAt } = invocation;
  const plugin = {
    Name: 'aws:runShellScript',
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
    ResponseCode: invocation.responseCode,
    ResponseStartDateTime: startedAt === undefined ? undefined : new Date(startedAt),
    ResponseFinishDateTime: endedAt === undefined ? undefined : new Date(endedAt),
    Output: (invocation.stdout + invocation.stderr).slice(0, LISTED_LIMIT),
  };
  return {
    CommandId: record.commandId,
    InstanceId: invocation.instanceId,
    Comment: record.comment,
    DocumentName: record.documentName,
    DocumentVersion: '$DEFAULT',
    RequestedDateTime: new Date(record.requestedAt),
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
    CommandPlugins: details ? [plugin] : [],
  };
}

export interface InstanceInformation {
  readonly InstanceId: string;
  readonly PingStatus: 'Online' | 'ConnectionLost';
  readonly LastPingDateTime?: Date;
  readonly PlatformType: string;
  readonly PlatformName: string;
  readonly ResourceType: string;
  readonly IPAddress: string;
  readonly ComputerName: string;
}

/** What the agent of a machine reports; a machine without power is one whose connection was lost. */
export function describeHost(host: HostView, clock: VirtualClock): InstanceInformation {
  return {
    InstanceId: host.instanceId,
    PingStatus: host.up ? 'Online' : 'ConnectionLost',
    ...(host.up ? { LastPingDateTime: new Date(clock.now()) } : {}),
    PlatformType: 'Linux',
    PlatformName: 'Amazon Linux',
    ResourceType: 'EC2Instance',
    IPAddress: host.address,
    ComputerName: host.instanceId,
  };
}
