import { randomUUID } from 'node:crypto';
import type { VirtualClock } from '../../clock/virtual-clock';
import { AwsFault } from '../../gateway/overlay';
import type { AwsCall, Overlay } from '../../gateway/overlay';
import { jsonReply } from '../../gateway/reply';
import type { HostFleet } from '../host-fleet';
import { carryOut } from './carry-out';
import { ENDED } from './command-record';
import type { CommandRecord, Invocation } from './command-record';
import { describeCommand, describeHost, describeInvocation, listedInvocation } from './describe';
import { filterValues, page, readSendCommand, text } from './request';

/** Virtual seconds for which an invocation cannot be seen yet: GetCommandInvocation may come too early [A §7]. */
const VISIBLE_AFTER_SECONDS = 0.5;

/** Run Command of Systems Manager: what is sent really runs on the lab's machines. Parameter Store is the emulator's. */
export function systemsManager(fleet: HostFleet, clock: VirtualClock): Overlay {
  const records = new Map<string, CommandRecord>();
  const newest = (region: string): readonly CommandRecord[] =>
    [...records.values()].filter((record) => record.region === region).reverse();

  const find = (call: AwsCall): CommandRecord => {
    const commandId = text(call.parameters.CommandId) ?? '';
    const record = records.get(commandId);
    if (record === undefined || record.region !== call.region) throw new AwsFault('InvalidCommandId', '');
    return record;
  };

  return {
    service: 'ssm',
    handlers: {
      SendCommand: async (call) => {
        const request = readSendCommand(call);
        const known = fleet.hosts().filter((host) => host.region === call.region);
        const unknown = request.instanceIds.filter((id) => !known.some((host) => host.instanceId === id));
        if (unknown.length > 0) {
          const names = unknown.join(', ');
          throw new AwsFault(
            'InvalidInstanceId',
            `Instances [[${names}]] not in a valid state for account ${call.account}`,
          );
        }
        const record: CommandRecord = {
          commandId: randomUUID(),
          region: call.region,
          documentName: request.documentName,
          comment: request.comment,
          parameters: request.parameters,
          requestedAt: clock.now(),
          timeoutSeconds: request.timeoutSeconds,
          invocations: request.instanceIds.map(pendingInvocation),
          cancel: new AbortController(),
        };
        records.set(record.commandId, record);
        for (const invocation of record.invocations) void carryOut(fleet, clock, record, invocation);
        return jsonReply({ Command: describeCommand(record) });
      },

      GetCommandInvocation: async (call) => {
        const record = find(call);
        const invocation = record.invocations.find((each) => each.instanceId === call.parameters.InstanceId);
        const visible = clock.now() - record.requestedAt >= VISIBLE_AFTER_SECONDS * 1000;
        if (invocation === undefined || !visible) throw new AwsFault('InvocationDoesNotExist', '');
        const plugin = text(call.parameters.PluginName);
        if (plugin !== undefined && plugin !== 'aws:runShellScript')
          throw new AwsFault('InvalidPluginName', '');
        return jsonReply(describeInvocation(record, invocation));
      },

      ListCommandInvocations: async (call) => {
        const { CommandId: commandId, InstanceId: instanceId } = call.parameters;
        const listed = newest(call.region)
          .filter((record) => commandId === undefined || record.commandId === commandId)
          .flatMap((record) => record.invocations.map((invocation) => ({ record, invocation })))
          .filter(({ invocation }) => instanceId === undefined || invocation.instanceId === instanceId)
          .map(({ record, invocation }) =>
            listedInvocation(record, invocation, call.parameters.Details === true),
          );
        const { items, nextToken } = page(listed, call);
        return jsonReply({ CommandInvocations: items, NextToken: nextToken });
      },

      ListCommands: async (call) => {
        const { CommandId: commandId, InstanceId: instanceId } = call.parameters;
        const listed = newest(call.region)
          .filter((record) => commandId === undefined || record.commandId === commandId)
          .filter(
            (record) =>
              instanceId === undefined || record.invocations.some((each) => each.instanceId === instanceId),
          )
          .map(describeCommand);
        const { items, nextToken } = page(listed, call);
        return jsonReply({ Commands: items, NextToken: nextToken });
      },

      CancelCommand: async (call) => {
        const record = find(call);
        const { InstanceIds: chosen } = call.parameters;
        const others = record.invocations.filter((each) => !ENDED.includes(each.status));
        if (Array.isArray(chosen) && others.some((each) => !chosen.includes(each.instanceId))) {
          throw new AwsFault('UnsupportedOperation', 'A command is cancelled on all of its instances.', 400);
        }
        record.cancel.abort();
        return jsonReply({});
      },

      DescribeInstanceInformation: async (call) => {
        const wanted = filterValues(call, 'InstanceIds');
        const status = filterValues(call, 'PingStatus');
        const listed = fleet
          .hosts()
          .filter((host) => host.region === call.region)
          .filter((host) => wanted === undefined || wanted.includes(host.instanceId))
          .map((host) => describeHost(host, clock))
          .filter((host) => status === undefined || status.includes(host.PingStatus));
        const { items, nextToken } = page(listed, call);
        return jsonReply({ InstanceInformationList: items, NextToken: nextToken });
      },
    },
  };
}

function pendingInvocation(instanceId: string): Invocation {
  return {
    instanceId,
    status: 'Pending',
    statusDetails: 'Pending',
    responseCode: -1,
    stdout: '',
    stderr: '',
    startedAt: undefined,
    endedAt: undefined,
  };
}
