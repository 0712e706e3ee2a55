import { ApplicationFailure } from '@temporalio/common';
import type { LiveRun } from '../support/live-run';
import type { ToyBench } from '../support/toy-run';
import { TOY_POLICY } from '../support/toy-world';
import { until } from '../support/until';
import type { Path } from './path';

/** Every rule of the kit once. Each path has a world and an instance of its own. */
export const TOY_PATHS: readonly Path<ToyBench>[] = [
  { name: 'toy-succeeded', outcome: 'SUCCEEDED', live: approved },
  {
    name: 'toy-approved-by-policy',
    outcome: 'SUCCEEDED',
    live: (bench) => {
      bench.world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
      return bench.start();
    },
  },
  { name: 'toy-dry-run', outcome: 'PLANNED', live: (bench) => bench.start({ dryRun: true }) },
  { name: 'toy-wrong-input', outcome: 'REFUSED', live: (bench) => bench.start('bitbucket-prod') },
  {
    name: 'toy-refused',
    outcome: 'REFUSED',
    live: (bench) => {
      bench.world.weather = 'gone';
      return bench.start();
    },
  },
  {
    name: 'toy-busy',
    outcome: 'REFUSED',
    live: async (bench) => {
      const holder = await bench.start({}, `toyRunbook/${bench.instance}/holder`);
      await holder.asked('go');
      const second = await bench.start({}, `toyRunbook/${bench.instance}/second`);
      await second.ended();
      await holder.handle.cancel();
      await holder.ended();
      return second;
    },
  },
  {
    name: 'toy-denied',
    outcome: 'DENIED',
    live: async (bench) => {
      bench.world.weather = 'storm';
      const run = await bench.start();
      await run.asked('go');
      await run.decide({ ask: 'go', verdict: 'deny', actor: 'ben', note: 'not today' });
      return run;
    },
  },
  {
    name: 'toy-timed-out',
    outcome: 'DENIED',
    live: (bench) => {
      bench.world.policy = {
        ...TOY_POLICY,
        gates: { go: { approvals: 1, roles: [], timeoutSeconds: 0.3 } },
      };
      return bench.start();
    },
  },
  { name: 'toy-open-at-gate', outcome: null, live: atGate },
  {
    name: 'toy-held-and-resumed',
    outcome: 'SUCCEEDED',
    live: async (bench) => {
      const run = await atGate(bench);
      await run.hold('eve');
      await run.approve('go', 'ben', 'cy');
      await run.resume('eve');
      return run;
    },
  },
  {
    name: 'toy-retried',
    outcome: 'SUCCEEDED',
    live: async (bench) => {
      failAt(bench, 'second.run', 1);
      const run = await approved(bench);
      await run.asked('second.failed');
      await run.decide({ ask: 'second.failed', verdict: 'retry', actor: 'ben' });
      return run;
    },
  },
  {
    name: 'toy-skipped',
    outcome: 'DEGRADED',
    live: async (bench) => {
      failAt(bench, 'last.run');
      const run = await approved(bench);
      await run.asked('last.failed');
      await run.decide({ ask: 'last.failed', verdict: 'skip', actor: 'ben', note: 'there is daylight' });
      return run;
    },
  },
  {
    name: 'toy-aborted',
    outcome: 'UNDONE',
    live: async (bench) => {
      failAt(bench, 'second.verify');
      const run = await approved(bench);
      await run.asked('second.failed');
      await run.decide({ ask: 'second.failed', verdict: 'abort', actor: 'ben' });
      return run;
    },
  },
  {
    name: 'toy-undo-incomplete',
    outcome: 'UNDO_INCOMPLETE',
    live: async (bench) => {
      failAt(bench, 'second.verify');
      const breakSecond = bench.world.before;
      bench.world.before = (part, occurrence) => {
        if (part === 'first.undo') throw broken(part);
        return breakSecond(part, occurrence);
      };
      const run = await approved(bench);
      await run.asked('second.failed');
      await run.decide({ ask: 'second.failed', verdict: 'abort', actor: 'ben' });
      await run.asked('first.undo');
      await run.decide({ ask: 'first.undo', verdict: 'skip', actor: 'ben', note: 'by hand' });
      return run;
    },
  },
  {
    name: 'toy-handed-over',
    outcome: 'HANDED_OVER',
    live: async (bench) => {
      failAt(bench, 'last.run');
      const run = await approved(bench);
      await run.asked('last.failed');
      await run.decide({ ask: 'last.failed', verdict: 'abort', actor: 'ben' });
      return run;
    },
  },
  {
    name: 'toy-drift-approved',
    outcome: 'SUCCEEDED',
    live: async (bench) => {
      const run = await atGate(bench);
      bench.world.material = { second: 'red' };
      await run.approve('go', 'ben', 'cy');
      await run.approve('second.drift', 'ben');
      return run;
    },
  },
  { name: 'toy-cancelled', outcome: 'UNDONE', live: (bench) => cancelledAt(bench, 'second.run') },
  {
    name: 'toy-cancelled-past-return',
    outcome: 'HANDED_OVER',
    live: (bench) => cancelledAt(bench, 'oneWay.verify'),
  },
];

async function atGate(bench: ToyBench): Promise<LiveRun> {
  const run = await bench.start();
  await run.asked('go');
  return run;
}

async function approved(bench: ToyBench): Promise<LiveRun> {
  const run = await bench.start();
  await run.approve('go', 'ben', 'cy');
  return run;
}

/** The part fails for good, each time or only the n-th. */
function failAt({ world }: ToyBench, where: string, nth?: number): void {
  world.before = (part, occurrence) => {
    if (part === where && (nth === undefined || occurrence === nth)) throw broken(part);
  };
}

function broken(part: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`${part} is stuck`, 'Terminal');
}

/** Cancelled while the part is at work. */
async function cancelledAt(bench: ToyBench, at: string): Promise<LiveRun> {
  let reached = false;
  let cancelled = false;
  bench.world.before = async (part) => {
    if (part !== at) return;
    reached = true;
    await until('the cancel', () => cancelled || undefined);
  };
  const run = await approved(bench);
  await until(at, () => reached || undefined);
  await run.handle.cancel();
  cancelled = true;
  return run;
}
