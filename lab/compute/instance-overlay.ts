import type { Handler, Overlay } from '../gateway/overlay';
import {
  children,
  ec2Reply,
  filters,
  listMembers,
  parameter,
  parseXml,
  passes,
  text,
  withoutFilters,
} from '../gateway/reply';
import type { ClientTokens } from './client-tokens';
import type { ComputeContext } from './context';
import type { Instances, InstanceState } from './instances';
import type { Volumes } from './volumes';

/** Filters that the emulator would judge by states and addresses that instances do not have here. */
const OWN_FILTERS = ['instance-state-name', 'instance-state-code', 'private-ip-address'];

/** EC2 instances: states over virtual time, a machine for each, client tokens [A §3.1, gaps G1 and E8]. */
export function instanceOverlay(
  context: ComputeContext,
  instances: Instances,
  volumes: Volumes,
  tokens: ClientTokens,
): Overlay {
  const run: Handler = async (call, forward) => {
    const reply = await forward();
    if (reply.status >= 400) return reply;
    const reservation = parseXml(reply.body);
    const items = children(reservation, 'instancesSet', 'item').map((item) => {
      const instanceId = text(item, 'instanceId');
      const launched = instances.launch({ instanceId, region: call.region, role: 'fileServer' });
      context.schedule.run(`launch of ${instanceId}`, () => launched);
      return instances.repair(item);
    });
    return ec2Reply(call, { ...reservation, instancesSet: { item: items } });
  };

  const describe: Handler = async (call, forward) => {
    const reply = await forward(withoutFilters(call.parameters, OWN_FILTERS));
    if (reply.status >= 400) return reply;
    const wanted = filters(call.parameters);
    const content = parseXml(reply.body);
    const reservations = children(content, 'reservationSet', 'item').map((reservation) => {
      const items = children(reservation, 'instancesSet', 'item')
        .map((item) => instances.repair(item))
        .filter(
          (item) =>
            passes(wanted['instance-state-name'], text(item, 'instanceState', 'name')) &&
            passes(wanted['instance-state-code'], text(item, 'instanceState', 'code')) &&
            passes(wanted['private-ip-address'], text(item, 'privateIpAddress')),
        );
      return { ...reservation, instancesSet: { item: items } };
    });
    const left = reservations.filter((reservation) => reservation.instancesSet.item.length > 0);
    return ec2Reply(call, { ...content, reservationSet: { item: left } });
  };

  const describeStatus: Handler = async (call, forward) => {
    const reply = await forward(withoutFilters(call.parameters, OWN_FILTERS));
    if (reply.status >= 400) return reply;
    const all = parameter(call.parameters, 'IncludeAllInstances') === 'true';
    const wanted = filters(call.parameters)['instance-state-name'];
    const content = parseXml(reply.body);
    const items = children(content, 'instanceStatusSet', 'item')
      .map((item) => ({ ...item, instanceState: instances.repair(item).instanceState ?? '' }))
      .filter((item) => all || text(item, 'instanceState', 'name') === 'running')
      .filter((item) => passes(wanted, text(item, 'instanceState', 'name')));
    return ec2Reply(call, { ...content, instanceStatusSet: { item: items } });
  };

  const terminate: Handler = async (call, forward) => {
    const before = new Map(
      listMembers(call.parameters, 'InstanceId').map((id) => [id, instances.stateOf(id)] as const),
    );
    const reply = await forward();
    if (reply.status >= 400) return reply;
    const items = children(parseXml(reply.body), 'instancesSet', 'item').map((item) => {
      const instanceId = text(item, 'instanceId');
      const previous = before.get(instanceId);
      if (previous === undefined) return item;
      context.schedule.run(`end of ${instanceId}`, () => instances.terminate(instanceId));
      volumes.forgetAttachmentsOf(instanceId);
      return {
        instanceId,
        currentState: instances.repair(item).instanceState,
        previousState: { name: previous },
      };
    });
    return ec2Reply(call, { instancesSet: { item: items } });
  };

  /** StopInstances and StartInstances: nothing changes for those that are there already. */
  const power = (
    allowed: readonly InstanceState[],
    change: (instanceId: string) => Promise<void>,
  ): Handler => {
    return async (call, forward) => {
      const ids = listMembers(call.parameters, 'InstanceId');
      for (const id of ids) instances.require(id, ...allowed);
      const before = new Map(ids.map((id) => [id, instances.stateOf(id)] as const));
      const reply = await forward();
      if (reply.status >= 400) return reply;
      for (const id of ids) context.schedule.run(`power of ${id}`, () => change(id));
      const items = children(parseXml(reply.body), 'instancesSet', 'item').map((item) => ({
        ...item,
        currentState: instances.repair(item).instanceState ?? item.currentState,
        previousState: { name: before.get(text(item, 'instanceId')) },
      }));
      return ec2Reply(call, { instancesSet: { item: items } });
    };
  };

  const reboot: Handler = async (call, forward) => {
    const reply = await forward();
    if (reply.status >= 400) return reply;
    for (const id of listMembers(call.parameters, 'InstanceId'))
      context.schedule.run(`reboot of ${id}`, async () => {
        await context.hosts.powerOff(id);
        await context.hosts.powerOn(id);
      });
    return reply;
  };

  return {
    service: 'ec2',
    handlers: {
      RunInstances: tokens.once(run),
      DescribeInstances: describe,
      DescribeInstanceStatus: describeStatus,
      TerminateInstances: terminate,
      StopInstances: power(['running', 'stopping', 'stopped'], (id) => instances.powerOff(id)),
      StartInstances: power(['stopped', 'pending', 'running'], (id) => instances.powerOn(id)),
      RebootInstances: reboot,
    },
  };
}
