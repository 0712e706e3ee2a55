import type { RunPolicy } from '../../workflows/runbook/policy';
import { runbook } from '../../workflows/runbook/runbook';
import type { RunbookOptions } from '../../workflows/runbook/runbook';
import { first, last, lookAround, oneWay, proof, second, task } from './toy-steps';
import type { FleetOrder } from '../../workflows/runbook/fleet';

/** The real ones as well: one bundle serves all tests. */
export * from '../../workflows';

/** Two steps that can be undone, one that cannot, one after it, and a proof: every rule of the kit has its place. */
export const toyRunbook = toyOf('toyRunbook', { recovery: true });

/** The same, for a bad day: it may ask others to let go. */
export const toyEmergency = toyOf('toyEmergency', { recovery: true, emergency: true });

/** Runs the toy for two other instances, side by side. */
export const toyFleet = runbook<object, { readonly name: string }, RunPolicy>(
  'toyFleet',
  { recovery: false },
  async (run) => {
    const { name } = run.subject;
    const ends = await run.together(
      ...['a', 'b'].map((one) => () => run.child('toyRunbook', { instance: `${name}-${one}` })),
    );
    run.report(
      'children',
      ends.map((end) => end?.outcome ?? null),
    );
  },
);

/** Turns the first on, and beside it the second and then the last; `late`: after its point of no return. */
export const toyBeside = runbook<{ readonly late?: boolean }, { readonly name: string }, RunPolicy>(
  'toyBeside',
  { recovery: false },
  async (run) => {
    const input = { name: run.subject.name };
    if (run.input.late === true) await run.step(oneWay, input);
    await run.together(
      () => run.step(first, input),
      async () => {
        await run.step(second, input);
        return run.step(last, input);
      },
    );
  },
);

/** Turns the first on, and the second as soon as the proof is seen, or else after it; the last comes after both. */
export const toyMeanwhile = runbook<object, { readonly name: string }, RunPolicy>(
  'toyMeanwhile',
  { recovery: false },
  async (run) => {
    const input = { name: run.subject.name };
    let met = false;
    await run.meanwhile(
      () => run.step(first, input),
      { contract: proof, input },
      async () => {
        met = true;
        await run.step(second, input);
      },
    );
    if (!met) await run.step(second, input);
    await run.step(last, input);
  },
);

/** Two steps of which nothing stays, a proof in between that may fail, one step after them; of a part of the toy only. */
export const toyTrial = runbook<object, { readonly name: string }, RunPolicy>(
  'toyTrial',
  { recovery: false, part: 'shed' },
  async (run) => {
    const input = { name: run.subject.name };
    await run.gate('go', 'Try it');
    const trial = await run.attempt((tried) =>
      tried.temporary(run.policy.deadlines['trial'] ?? 30, async (copy) => {
        await copy.step(first, input);
        await copy.step(second, input);
        const checked = await copy.attempt((check) => check.step(proof, input));
        return checked.done ? 'proven' : checked.why;
      }),
    );
    run.report('trial', trial);
    await run.step(last, input);
  },
);

/** One step that stands until somebody says so, or its time is over; nothing of it stays. */
export const toyKeep = runbook<object, { readonly name: string }, RunPolicy>(
  'toyKeep',
  { recovery: false },
  async (run) => {
    const by = await run.temporary(run.policy.deadlines['trial'] ?? 30, async (copy) => {
      await copy.step(first, { name: run.subject.name });
      const seconds = run.policy.deadlines['keep'] ?? 20;
      return copy.keep('away', { title: 'Put it away?', evidence: ['it stands'], seconds });
    });
    run.report('releasedBy', by);
  },
);

/** Up to its point of no return an emergency makes it take everything back, from then on leave it as it is. */
export const toyLeavable = runbook<object, { readonly name: string }, RunPolicy>(
  'toyLeavable',
  { recovery: false },
  async (run) => {
    const input = { name: run.subject.name };
    await run.observe(lookAround, input);
    await run.leavable({ undone: 'Turn off by hand what is on.' }, async (part) => {
      await part.together(
        () => part.step(first, input),
        () => part.step(second, input),
      );
      await part.step(proof, input);
      await part.step(oneWay, input);
    });
    await run.leavable({ stands: 'the last toy is turned on by nobody' }, (part) => part.step(last, input));
  },
);

/** In the middle people are not waited for. */
export const toyHurried = runbook<object, { readonly name: string }, RunPolicy>(
  'toyHurried',
  { recovery: false },
  async (run) => {
    const input = { name: run.subject.name };
    await run.step(first, input);
    const hurry = { why: 'the lid is open', limitSeconds: run.policy.deadlines['hurry'] ?? 20 };
    await run.hurried(hurry, async (part) => {
      await part.step(second, input);
      await part.step(proof, input);
    });
    await run.step(last, input);
  },
);

/** It can do without the second; and without the last, once it has passed its point of no return. */
export const toyOptional = runbook<object, { readonly name: string }, RunPolicy>(
  'toyOptional',
  { recovery: false },
  async (run) => {
    const input = { name: run.subject.name };
    await run.step(first, input);
    const got = await run.optional('the second toy', async (part) => {
      await part.step(second, input);
      return part.step(proof, input);
    });
    run.report('got', got);
    await run.optional('the rest', async (part) => {
      await part.step(oneWay, input);
      await part.step(last, input);
    });
  },
);

/** One step, for fleets of many. */
export const toyTask = runbook<object, { readonly name: string }, RunPolicy>(
  'toyTask',
  { recovery: false },
  async (run) => {
    await run.step(task, { name: run.subject.name });
  },
);

/** Runs `toyTask` for so many other instances, `<name>-0` and so on. */
export const toyMany = runbook<
  { readonly count: number } & Pick<FleetOrder, 'concurrency' | 'failuresAllowed' | 'startsPerExecution'>,
  { readonly name: string },
  RunPolicy
>('toyMany', { recovery: false }, async (run) => {
  const { count, ...limits } = run.input;
  await run.gate('go', `Run ${count} toys`);
  const instances = Array.from({ length: count }, (_, number) => `${run.subject.name}-${number}`);
  await run.fleet({ runbook: 'toyTask', instances, message: {}, ...limits });
});

function toyOf(name: string, options: Pick<RunbookOptions, 'recovery' | 'emergency'>) {
  return runbook<object, { readonly name: string }, RunPolicy>(name, options, async (run) => {
    const input = { name: run.subject.name };
    const { weather } = await run.observe(lookAround, input);
    run.fact('weather', weather);
    if (weather === 'storm') {
      await run.problem({
        code: 'storm',
        message: 'A storm is on.',
        remedy: 'Wait, or consent.',
        consent: 'storm',
      });
    }
    if (weather === 'gone')
      run.refuse({ code: 'noWorld', message: 'There is no world.', remedy: 'Make one.' });
    await run.gate('go', 'Go ahead');
    await run.step(first, input);
    if (weather === 'flood') await run.gate('boats', 'Take the boats');
    await run.step(second, input);
    await run.safePoint('two toys are on');
    await run.step(oneWay, input);
    await run.step(last, input);
    run.verifying();
    await run.step(proof, input);
    run.report('toy', { done: true });
  });
}
