import { AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand } from '@aws-sdk/client-ec2';

import type { LabAws } from './aws';
import type { PlaceLayout } from './layout';
import { need } from './until';

/** The security group by which nodes reach the database. @returns its id */
export async function createDatabaseGroup(aws: LabAws, layout: PlaceLayout): Promise<string> {
  const created = await aws.ec2.send(
    new CreateSecurityGroupCommand({
      GroupName: layout.databaseGroup,
      Description: `Database of ${layout.stack}`,
    }),
  );
  const groupId = need(created.GroupId, 'GroupId');
  await aws.ec2.send(
    new AuthorizeSecurityGroupIngressCommand({
      GroupId: groupId,
      IpPermissions: [
        {
          IpProtocol: 'tcp',
          FromPort: 5432,
          ToPort: 5432,
          IpRanges: [{ CidrIp: '127.0.0.0/8', Description: 'nodes' }],
        },
      ],
    }),
  );
  return groupId;
}
