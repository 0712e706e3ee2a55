import { hostname } from 'node:os';
import type { Command } from 'commander';
import { readWorkerConfig } from './config';
import { runWorker } from './run';

const HELP = `
Environment:
  RUNBOOKS_ESTATE                  path of estate.yaml (or --estate)
  TEMPORAL_ADDRESS, …              Temporal's own settings and profiles
  AWS_REGION, AWS_PROFILE, …       the AWS SDK's own settings
  RUNBOOKS_HEALTH_ADDRESS          /healthz and /readyz, e.g. 0.0.0.0:8080
  RUNBOOKS_METRICS_ADDRESS         Prometheus metrics, e.g. 0.0.0.0:9464
  RUNBOOKS_LOG_LEVEL               debug, info, warn or error (info)
  RUNBOOKS_SHUTDOWN_GRACE_SECONDS  time for running activities on SIGTERM (30)
  RUNBOOKS_CONCURRENT_ACTIVITIES   at once in this process (40)
  RUNBOOKS_AWS_TIMEOUT_SECONDS     bound of one AWS request (10)
  RUNBOOKS_COALESCE                off: every run asks AWS by itself, also where one call would do (on)
  RUNBOOKS_TASK_QUEUE              task queue (runbooks)
  RUNBOOKS_HANDOVER_SECONDS        a run whose worker is silent so long goes on with any other (5)
  RUNBOOKS_REGION                  where this worker is, for its identity, by which doctor judges the placement
                                   (AWS_REGION, else AWS_DEFAULT_REGION)
  RUNBOOKS_IDENTITY                what it is called, before the region (runbooks@<host>:<process>)
  RUNBOOKS_DEPLOYMENT_NAME         name told to Temporal for all versions (bitbucket-runbooks)
  RUNBOOKS_BUILD_ID                name of this version (package version and digest of the workflow code)
  RUNBOOKS_VERSIONING              pinned: runs stay on the version on which they began (off)

Example:
  RUNBOOKS_ESTATE=/etc/runbooks/estate.yaml TEMPORAL_ADDRESS=temporal:7233 runbooks worker
`;

export function registerWorkerCommand(program: Command): void {
  program
    .command('worker')
    .description(
      'serve the runbooks: run one or more of these, at least one outside the region that may fail',
    )
    .option('--estate <file>', 'path of estate.yaml; wins over RUNBOOKS_ESTATE')
    .addHelpText('after', HELP)
    .action(async ({ estate }: { estate?: string }) => {
      const environment = { ...process.env, ...(estate === undefined ? {} : { RUNBOOKS_ESTATE: estate }) };
      await runWorker(readWorkerConfig(environment, process.pid, hostname()), process.env);
    });
}
