import { ApplicationFailure } from '@temporalio/common';
import { later } from '../../workflows/runbook/later';
import { LiveRun } from '../support/live-run';
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
  {
    name: 'toy-let-go',
    outcome: 'UNDONE',
    live: async (bench) => (await emergencyDuring(bench, 'proof')).holder,
  },
  {
    name: 'toy-let-go-past-return',
    outcome: 'HANDED_OVER',
    live: async (bench) => (await emergencyDuring(bench, 'last')).holder,
  },
  {
    name: 'toy-preempting',
    outcome: 'SUCCEEDED',
    live: async (bench) => (await emergencyDuring(bench, 'proof')).emergency,
  },
  {
    name: 'toy-optional-left-out',
    outcome: 'DEGRADED',
    live: (bench) => {
      bench.world.policy = {
        ...TOY_POLICY,
        failures: { ...TOY_POLICY.failures, steps: { proof: 'degrade' } },
      };
      failAt(bench, 'proof.verify');
      return bench.start({}, `toyOptional/${bench.instance}/1`);
    },
  },
  {
    name: 'toy-optional-skipped',
    outcome: 'DEGRADED',
    live: async (bench) => {
      bench.world.checks = { second: { output: { value: later('key of the second') } } };
      failAt(bench, 'second.run');
      const run = await bench.start({}, `toyOptional/${bench.instance}/1`);
      const { id } = await run.asked('second.failed');
      await run.decide({ ask: id, verdict: 'skip', actor: 'ben', note: 'it can wait' });
      return run;
    },
  },
  {
    name: 'toy-aborted-beside',
    outcome: 'UNDONE',
    live: async (bench) => {
      bench.world.before = (part) => {
        if (part === 'first.run') throw broken(part);
        if (part === 'second.verify') throw notYet();
      };
      const run = await bench.start({}, `toyBeside/${bench.instance}/1`);
      await run.step('second', ['verifying']);
      const { id } = await run.asked('first.failed');
      await run.decide({ ask: id, verdict: 'abort', actor: 'ben' });
      return run;
    },
  },
  { name: 'toy-fleet-asked-again', outcome: 'SUCCEEDED', live: askedAgain },
  {
    name: 'toy-fleet-first-execution',
    outcome: null,
    live: async (bench) => (await continued(bench)).first,
  },
  { name: 'toy-fleet-continued', outcome: 'SUCCEEDED', live: async (bench) => (await continued(bench)).run },
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

function notYet(): ApplicationFailure {
  return ApplicationFailure.create({ type: 'NotYet', message: 'no answer', nextRetryDelay: '50ms' });
}

/** A run over two instances that is held after the first for longer than its approval lasts. */
async function askedAgain(bench: ToyBench): Promise<LiveRun> {
  const { instance, world } = bench;
  const go = { approvals: 1, roles: [], timeoutSeconds: 60, approvalLifetimeSeconds: 1 };
  world.policy = { ...TOY_POLICY, gates: { go } };
  let endedAt = 0;
  const first = new Promise<void>((resolve) => {
    world.task = async (name) => {
      if (name !== `${instance}-0`) return;
      resolve();
      await until('the hold', async () => (await run).status().then(({ held }) => held ?? undefined));
      endedAt = Date.now();
    };
  });
  const run = bench.start({ count: 2, concurrency: 1, failuresAllowed: 0 }, `toyMany/${instance}/1`);
  const live = await run;
  await live.approve('go', 'ben');
  await first;
  await live.hold('ben');
  await until('the approval to expire', () => (endedAt > 0 && Date.now() - endedAt > 3000) || undefined);
  await live.resume('ben');
  await live.approve('go.2', 'cy');
  return live;
}

/** An emergency comes while a step waits for what does not come, and people agree that the other run shall let go. */
async function emergencyDuring(bench: ToyBench, step: string) {
  const { instance, world } = bench;
  world.policy = { ...TOY_POLICY, gates: { go: 'auto' }, lease: { ...TOY_POLICY.lease, preemptSeconds: 8 } };
  let isThere = false;
  world.before = (part) => {
    if (part === `${step}.verify` && !isThere) throw notYet();
  };
  const holder = await bench.start({}, `toyLeavable/${instance}/1`);
  await holder.step(step, ['verifying']);
  const emergency = await bench.start({}, `toyEmergency/${instance}/1`);
  await emergency.approve('preempt', 'ben');
  await holder.ended();
  isThere = true;
  await emergency.ended();
  return { holder, emergency };
}

/** A run over three instances that starts two of them, and goes on as a new execution. */
async function continued(bench: ToyBench) {
  bench.world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
  const id = `toyMany/${bench.instance}/1`;
  const run = await bench.start({ count: 3, concurrency: 2, failuresAllowed: 0, startsPerExecution: 2 }, id);
  const { runId } = await run.status();
  await run.ended();
  return { run, first: new LiveRun(bench.client.workflow.getHandle(id, runId)) };
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
