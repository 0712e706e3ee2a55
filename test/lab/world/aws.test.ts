import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { LabAws } from '../../../lab/world/aws';

test('a region that says nothing does not hold up the lab', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const aws = new LabAws('eu-west-1', `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, 0.3);
  await expect(aws.ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  aws.destroy();
  sockets.forEach((socket) => socket.destroy());
  await new Promise((resolve) => silent.close(resolve));
});
