import type { FailoverBench } from '../support/failover-bench';
import { readHistory } from './history';
import type { Part } from './row';
import { row, seconds } from './row';

/** A worker is killed while the promotion is under way, another one is started at once; whose start counts as well. */
export async function measureKill(bench: FailoverBench): Promise<Part> {
  const first = await bench.startWorkerProcess();
  await bench.lose('database-down');
  const run = await bench.start();
  await run.approve('failover', 'grace', 'linus');
  await run.step('promoteReplica', ['running', 'verifying']);
  const killedAt = Date.now();
  await first.kill();
  const second = await bench.startWorkerProcess();
  const state = await run.ended(600);
  if (state.outcome !== 'SUCCEEDED') throw new Error(`ended ${state.outcome}: ${state.conclusion}`);
  const { starts } = await readHistory(run.handle);
  // An identity ends with the process, or with the region after it.
  const isSecond = new RegExp(`:${second.pid}(/|$)`);
  const goesOn = starts.find(({ at, worker }) => at >= killedAt && isSecond.test(worker))?.at;
  if (goesOn === undefined) throw new Error('the second worker did nothing');
  const promotions = bench.world.gateway.ledger
    .entries()
    .filter(
      ({ action, applied, errorCode }) => action === 'PromoteReadReplica' && applied && errorCode === null,
    );
  const milliseconds = goesOn - killedAt;
  return {
    rows: [
      row(
        'worker killed in a step → goes on',
        `${seconds(milliseconds)}, ${promotions.length} promotion`,
        '< 30 s, nothing twice',
        milliseconds < 30_000 && promotions.length === 1,
      ),
    ],
    figures: { milliseconds, promotions: promotions.length },
  };
}
