import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import type { AwsClients } from '../../../activities/aws/clients';
import { STANDBY } from './aws-lab';

/** An alarm of the kind that scales a group. */
export async function putCpuAlarm(
  clients: AwsClients,
  AlarmName: string,
  ActionsEnabled: boolean,
): Promise<void> {
  await clients.cloudWatch(STANDBY).send(
    new PutMetricAlarmCommand({
      AlarmName,
      ActionsEnabled,
      Namespace: 'AWS/EC2',
      MetricName: 'CPUUtilization',
      Statistic: 'Average',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 60,
      ComparisonOperator: 'GreaterThanThreshold',
    }),
  );
}
