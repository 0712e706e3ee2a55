import type { Handler, Overlay } from '../gateway/overlay';
import { children, parameter, text } from '../gateway/reply';
import type { ComputeContext } from './context';

/** Security groups: the emulator keeps the rules; whoever guards a real port hears of every change. */
export function securityGroupOverlay(context: ComputeContext): Overlay {
  const changed: Handler = async (call, forward) => {
    const reply = await forward();
    if (reply.status >= 400) return reply;
    const groupId = parameter(call.parameters, 'GroupId');
    const groupName = parameter(call.parameters, 'GroupName');
    const described = await context.emulator.query(
      { service: 'ec2', region: call.region, account: call.account },
      'DescribeSecurityGroups',
      groupId === undefined ? { 'GroupName.1': groupName ?? '' } : { 'GroupId.1': groupId },
    );
    for (const group of children(described, 'securityGroupInfo', 'item')) {
      const open = children(group, 'ipPermissions', 'item').length > 0;
      context.bus.emit('securityGroup', { region: call.region, groupId: text(group, 'groupId'), open });
    }
    return reply;
  };
  return {
    service: 'ec2',
    handlers: {
      AuthorizeSecurityGroupIngress: changed,
      RevokeSecurityGroupIngress: changed,
    },
  };
}
