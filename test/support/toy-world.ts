import { ApplicationFailure } from '@temporalio/common';
import { implementObservation, implementStep } from '../../activities/implement';
import type { Implementation } from '../../activities/implement';
import { createSecrets } from '../../estate/secrets';
import { LeaseKeeper } from '../../activities/runbook/lease';
import { notify } from '../../activities/runbook/notify';
import { verifyProof } from '../../activities/runbook/verify-proof';
import { registerImplementations } from '../../activities/runbook/register';
import { announceCall } from '../../activities/runbook/call-scope';
import type { Admission, KitActivities } from '../../workflows/runbook/admission';
import type { Person, RunPolicy } from '../../workflows/runbook/policy';
import type { Check, Problem } from '../../workflows/runbook/step';
import { lookAround, task, TOY_STEPS } from './toy-steps';
import type { ToyOutput } from './toy-steps';

export const TOY_POLICY: RunPolicy = {
  gates: { go: { approvals: 2, roles: ['operator'], timeoutSeconds: 60 } },
  failures: { default: 'ask', steps: {}, decisionTimeoutSeconds: 60 },
  polling: { fastestSeconds: 0.02, slowestSeconds: 0.1 },
  expected: {},
  deadlines: {},
  lease: { whenBusy: 'refuse', waitSeconds: 5, preemptSeconds: 5 },
  antiFlap: { windowSeconds: 0 },
};

export const TOY_PEOPLE: readonly Person[] = [
  { name: 'ada', roles: ['operator'] },
  { name: 'ben', roles: ['operator', 'manager'] },
  { name: 'cy', roles: ['operator'] },
  { name: 'eve', roles: ['auditor'] },
  { name: 'mia', roles: ['manager'], contact: '+44 20 7946 0199' },
];

/** A world of switches: each step turns its own on, undo turns it off; tests make parts fail. */
export class ToyWorld {
  readonly on = new Set<string>();
  /** Every part that was called, in order, e.g. `first.run`. */
  readonly log: string[] = [];
  weather = 'fair';
  policy: RunPolicy = TOY_POLICY;
  requestedBy: string | null = 'ada';
  freeze: { readonly until: string; readonly reason: string } | null = null;
  people: readonly Person[] = TOY_PEOPLE;
  secrets = createSecrets({ environment: {} });
  /** What the check of a step answers instead of the toy's own. */
  checks: Readonly<Record<string, Partial<Check<ToyOutput>>>> = {};
  problems: Readonly<Record<string, readonly Problem[]>> = {};
  material: Readonly<Record<string, string>> = {};
  /** What `toyTask` does for an instance: throw to make it fail, wait to make it slow. */
  task: (instance: string) => Promise<void> | void = () => {};
  /** Called before each try to take the lease; wait to make it slow. */
  beforeLease: () => Promise<void> | void = () => {};
  /** Called before the part acts; throw to make it fail, wait to make it slow. */
  before: (part: string, occurrence: number) => Promise<void> | void = () => {};
  /** Called after the part acted and before it answers: throw to lose the answer. */
  after: (part: string, occurrence: number) => Promise<void> | void = () => {};

  activities(instance: string): Record<string, unknown> {
    const lease = new LeaseKeeper();
    const kit: KitActivities = {
      admit: async ({ message }) => this.admit(instance, message),
      acquireLease: async (request) => {
        await this.beforeLease();
        return lease.acquire(request);
      },
      releaseLease: (request) => lease.release(request),
      verifyProof: (request) => this.act('verifyProof', () => verifyProof(request)),
      notify: (notice) => this.act('notify', () => notify(this.secrets, notice)),
    };
    return { ...registerImplementations(this.implementations(), lease), ...kit };
  }

  private async act<T>(part: string, work: () => Promise<T>): Promise<T> {
    this.log.push(part);
    const occurrence = this.count(part);
    await this.before(part, occurrence);
    const value = await work();
    await this.after(part, occurrence);
    return value;
  }

  count(part: string): number {
    return this.log.filter((one) => one === part).length;
  }

  private async admit(instance: string, message: unknown): Promise<Admission<unknown, unknown, RunPolicy>> {
    if (typeof message !== 'object' || message === null) {
      throw ApplicationFailure.nonRetryable('toyRunbook is started with one JSON object', 'InvalidInput');
    }
    const {
      dryRun = false,
      instance: named = instance,
      trigger = 'manual',
      breakGlass = null,
      reason = null,
      requestedBy: _starter,
      ...input
    } = message as {
      dryRun?: boolean;
      trigger?: string;
      breakGlass?: string;
      instance?: string;
      reason?: string;
      requestedBy?: string;
    };
    return {
      instance: named,
      dryRun,
      reason,
      requestedBy: this.requestedBy,
      trigger,
      incidentStartedAt: null,
      freeze: this.freeze,
      breakGlass,
      input,
      subject: { name: named },
      people: this.people,
      policy: this.policy,
    };
  }

  private implementations(): readonly Implementation[] {
    const act = <T>(part: string, work: () => T): Promise<T> => this.act(part, async () => work());
    const steps = TOY_STEPS.map((contract) => {
      const { name, risk } = contract;
      const change = async (action: string) =>
        announceCall({ service: 'toy', action, region: 'toy-1', mutating: true });
      const check = (): Promise<Check<ToyOutput>> =>
        act(`${name}.check`, () => ({
          state: this.on.has(name) ? 'done' : 'needed',
          before: { on: this.on.has(name) },
          calls: risk === 'readOnly' ? [] : [{ service: 'toy', action: 'TurnOn', target: name }],
          problems: this.problems[name] ?? [],
          output: { value: name },
          material: { colour: this.material[name] ?? 'green' },
          ...(risk === 'reversible' ? { undo: `turns ${name} off` } : {}),
          ...this.checks[name],
        }));
      return implementStep(contract, {
        actions: [],
        check,
        verify: () =>
          act(`${name}.verify`, () => ({ output: { value: name }, facts: { on: this.on.has(name) } })),
        ...(risk === 'readOnly'
          ? {}
          : {
              run: async () => {
                await change('TurnOn');
                return act(`${name}.run`, () => {
                  this.on.add(name);
                  return { value: name };
                });
              },
            }),
        ...(risk === 'reversible'
          ? {
              undo: async () => {
                await change('TurnOff');
                return act(`${name}.undo`, () => ({
                  changed: this.on.delete(name),
                  facts: {},
                  followUp: `look after ${name}`,
                }));
              },
            }
          : {}),
      });
    });
    const done = { value: 'task' };
    return [
      ...steps,
      implementStep(task, {
        actions: [],
        check: async () => ({
          state: 'needed',
          before: {},
          calls: [],
          problems: [],
          output: done,
          undo: 'nothing',
        }),
        run: async ({ name }) => {
          this.log.push(`task.run ${name}`);
          await this.task(name);
          return done;
        },
        verify: async () => ({ output: done, facts: {} }),
        undo: async ({ name }) => {
          this.log.push(`task.undo ${name}`);
          return { changed: true, facts: {} };
        },
      }),
      implementObservation(lookAround, [], () => act('lookAround.look', () => ({ weather: this.weather }))),
    ];
  }
}
