import { Emulator } from '../gateway/emulator';
import { AwsFault } from '../gateway/overlay';
import { text, children } from '../gateway/reply';
import { faults } from './faults';

/** The resources next to the databases that the emulator keeps: groups by name. */
export class AccountResources {
  private readonly emulator: Emulator;

  constructor(emulatorUrl: string) {
    this.emulator = new Emulator(emulatorUrl);
  }

  /** @throws AwsFault DBParameterGroupNotFound; the `default.` groups always exist */
  async needParameterGroup(region: string, name: string): Promise<void> {
    if (name.startsWith('default.')) return;
    const found = await this.exists(region, 'DescribeDBParameterGroups', { DBParameterGroupName: name });
    if (!found) throw faults.noParameterGroup(name);
  }

  /** @throws AwsFault DBClusterParameterGroupNotFound */
  async needClusterParameterGroup(region: string, name: string): Promise<void> {
    if (name.startsWith('default.')) return;
    const filter = { DBClusterParameterGroupName: name };
    const found = await this.exists(region, 'DescribeDBClusterParameterGroups', filter);
    if (!found) throw faults.noClusterParameterGroup(name);
  }

  /** @throws AwsFault DBSubnetGroupNotFoundFault */
  async needSubnetGroup(region: string, name: string): Promise<void> {
    if (name === 'default') return;
    const found = await this.exists(region, 'DescribeDBSubnetGroups', { DBSubnetGroupName: name });
    if (!found) throw faults.noSubnetGroup(name);
  }

  /** The security group that an instance gets when its creator names none. */
  async defaultSecurityGroups(region: string): Promise<readonly string[]> {
    const reply = await this.emulator.query({ service: 'ec2', region }, 'DescribeSecurityGroups', {
      'Filter.1.Name': 'group-name',
      'Filter.1.Value.1': 'default',
    });
    return children(reply, 'securityGroupInfo', 'item')
      .map((group) => text(group, 'groupId'))
      .slice(0, 1);
  }

  stop(): void {
    this.emulator.stop();
  }

  private async exists(region: string, action: string, filter: Record<string, string>): Promise<boolean> {
    try {
      await this.emulator.query({ service: 'rds', region }, action, filter);
      return true;
    } catch (error) {
      if (error instanceof AwsFault && error.status === 404) return false;
      throw error;
    }
  }
}
