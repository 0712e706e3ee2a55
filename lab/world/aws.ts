import { LAB_USER_AGENT } from '../gateway/ledger';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';

/** What any client of the emulated AWS signs with; the emulator does not check it. */
export const LAB_CREDENTIALS = { accessKeyId: 'LABOPERATOR', secretAccessKey: 'lab' } as const;

/**
 * A region that is down says nothing; whoever waited for it then would never end. Far above what the emulator takes on a
 * machine that is busy with other things: it starts a world's machines and databases while we wait.
 */
const TIMEOUT_SECONDS = 120;

/** The lab's own AWS clients of one region, by which it sets the world up and looks at it. */
export class LabAws {
  readonly ec2: EC2Client;
  readonly rds: RDSClient;
  readonly autoScaling: AutoScalingClient;
  readonly loadBalancing: ElasticLoadBalancingClient;
  readonly cloudWatch: CloudWatchClient;
  readonly s3: S3Client;

  constructor(
    readonly region: string,
    endpoint: string,
    timeoutSeconds = TIMEOUT_SECONDS,
  ) {
    const options = {
      ...{ region, endpoint, credentials: LAB_CREDENTIALS, maxAttempts: 1 },
      requestHandler: { requestTimeout: timeoutSeconds * 1000, throwOnRequestTimeout: true },
      // So that the ledger can tell the lab's calls from a runbook's.
      customUserAgent: LAB_USER_AGENT,
    };
    this.ec2 = new EC2Client(options);
    this.rds = new RDSClient(options);
    this.autoScaling = new AutoScalingClient(options);
    this.loadBalancing = new ElasticLoadBalancingClient(options);
    this.cloudWatch = new CloudWatchClient(options);
    this.s3 = new S3Client({ ...options, forcePathStyle: true });
  }

  destroy(): void {
    const { ec2, rds, autoScaling, loadBalancing, cloudWatch, s3 } = this;
    for (const client of [ec2, rds, autoScaling, loadBalancing, cloudWatch, s3]) client.destroy();
  }
}
