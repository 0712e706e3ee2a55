import { byHand } from '../../client/render/by-hand';
import type { PlannedCall } from '../../workflows/runbook/step';
import { later } from '../../workflows/runbook/later';

function lines(...calls: PlannedCall[]): readonly string[] {
  return byHand([{ id: 'x', title: 'X', what: 'do', calls, undo: null }]).slice(1);
}

test('what is left to do becomes commands of the AWS command line, in order', () => {
  const rds = { service: 'rds', region: 'eu-west-1', target: 'bitbucket-standby' };
  expect(
    lines(
      { ...rds, action: 'AddTagsToResource' },
      { ...rds, action: 'PromoteReadReplica', parameters: { BackupRetentionPeriod: 7 } },
      { ...rds, action: 'ModifyDBInstance', parameters: { MultiAZ: true, DeletionProtection: false } },
    ),
  ).toEqual([
    '  aws rds promote-read-replica --region eu-west-1 --db-instance-identifier bitbucket-standby --backup-retention-period 7',
    '  aws rds modify-db-instance --region eu-west-1 --db-instance-identifier bitbucket-standby --multi-az --no-deletion-protection',
  ]);
});

test('a name that the plan could not know yet stands out, and is no word of the shell', () => {
  const call = {
    service: 'ec2',
    action: 'AttachVolume',
    region: 'eu-west-1',
    target: later('volume of createHomeVolume'),
    parameters: { InstanceId: 'i-1', Device: '/dev/sdf' },
  };
  expect(lines(call)).toEqual([
    "  aws ec2 attach-volume --region eu-west-1 --volume-id '‹volume of createHomeVolume›' --instance-id i-1 --device /dev/sdf",
  ]);
});

test('a record set becomes a change batch that the shell passes on whole', () => {
  const parameters = { Action: 'UPSERT', Type: 'CNAME', Value: 'lb.example', TTL: 60, HostedZoneId: 'Z1' };
  const [line] = lines({
    service: 'route53',
    action: 'ChangeResourceRecordSets',
    target: 'git.example',
    parameters,
  });
  const [, batch = ''] = /--change-batch '(.*)'$/.exec(line ?? '') ?? [];
  expect(JSON.parse(batch)).toEqual({
    Changes: [
      {
        Action: 'UPSERT',
        ResourceRecordSet: {
          Name: 'git.example',
          Type: 'CNAME',
          TTL: 60,
          ResourceRecords: [{ Value: 'lb.example' }],
        },
      },
    ],
  });
});

test('a quote in a name cannot leave its word', () => {
  const call = { service: 'cloudwatch', action: 'DisableAlarmActions', target: "a,b'; reboot" };
  expect(lines(call)).toEqual([
    String.raw`  aws cloudwatch disable-alarm-actions --alarm-names a 'b'\''; reboot'`,
  ]);
});

test('what no single command does is said in words', () => {
  const call = {
    service: 'host',
    action: 'mount-home.sh',
    region: 'eu-west-1',
    target: 'i-1',
    parameters: { exportPath: '/home' },
  };
  expect(lines(call)).toEqual(['  host mount-home.sh on i-1 in eu-west-1 with exportPath=/home']);
  expect(byHand([{ id: 'x', title: 'X', what: 'undo', calls: [], undo: 'turn it off' }])).toEqual([
    'take back: X (turn it off)',
  ]);
});
