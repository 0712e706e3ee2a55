import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';

import { AwsClients } from '../../../activities/aws/clients';
import type { Dependencies } from '../../../activities/dependencies';
import type { ObservationImplementation, StepImplementation } from '../../../activities/implement';
import type { Check, StepContext, Undone, Verified } from '../../../workflows/runbook/step';

/** @param firstRunId another one for another run under the same workflow id */
export function context(
  step: string,
  workflowId = 'drFailover/bitbucket/1',
  firstRunId = `${workflowId}-run`,
): StepContext {
  return {
    instance: 'bitbucket',
    run: { workflowId, runId: firstRunId, firstRunId, runbook: 'drFailover' },
    step,
    token: 1,
    pace: { expectedSeconds: 60, fastestSeconds: 1, slowestSeconds: 5 },
  };
}

export const PASSWORDS: Readonly<Record<string, string>> = {
  'env:DB': 'correct-horse',
  'env:WRONG': 'wrong',
  'env:ADMIN': 'admin',
};

export function dependenciesOf(aws: AwsClients): Dependencies {
  return {
    aws,
    secrets: {
      resolve: async (reference) => {
        const value = PASSWORDS[reference];
        if (value === undefined) throw new Error(`secret ${reference}: not set`);
        return value;
      },
    },
  };
}

export function clientsOf(endpoint: string, requestTimeoutSeconds = 10): AwsClients {
  return new AwsClients({
    endpoint,
    requestTimeoutSeconds,
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  });
}

/** Does `look` as an activity that was scheduled so many seconds ago. */
export function soon<T>(secondsAgo: number, look: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment({ scheduledTimestampMs: Date.now() - secondsAgo * 1000 }).run(look);
}

/** Drives the parts of one step as the kit does, with "not yet" repeated at once and its progress lines kept. */
export class StepDriver<I, O> {
  readonly progress: string[] = [];

  constructor(
    private readonly step: StepImplementation,
    private readonly about: StepContext,
  ) {}

  check(input: I): Promise<Check<O>> {
    return this.step.parts.check(input, this.about) as Promise<Check<O>>;
  }

  /** One attempt. */
  runOnce(input: I): Promise<O> {
    return this.step.parts.run!(input, this.about) as Promise<O>;
  }

  /** One look. */
  verifyOnce(input: I, output?: O): Promise<Verified<O>> {
    return this.step.parts.verify(input, output, this.about) as Promise<Verified<O>>;
  }

  run(input: I): Promise<O> {
    return this.patiently(() => this.runOnce(input));
  }

  verify(input: I, output?: O): Promise<Verified<O>> {
    return this.patiently(() => this.verifyOnce(input, output));
  }

  undo(input: I, before: Check<O>['before'], output?: O): Promise<Undone> {
    return this.patiently(() => this.step.parts.undo!(input, { before, output }, this.about));
  }

  /** Check, run and verify; then the same again from `run` on, as after a lost answer. */
  async twice(input: I): Promise<{ check: Check<O>; first: Verified<O>; second: Verified<O> }> {
    const check = await this.check(input);
    const first = await this.verify(input, await this.run(input));
    const second = await this.verify(input, await this.run(input));
    return { check, first, second };
  }

  private async patiently<T>(part: () => Promise<T>, seconds = 40): Promise<T> {
    const deadline = Date.now() + seconds * 1000;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await new MockActivityEnvironment({ attempt }).run(part);
      } catch (error) {
        const early = error instanceof ApplicationFailure && error.type === 'NotYet';
        const passing = error instanceof Error && /^Aws(Unreachable|Transient)$/.test(error.name);
        if (!early && !passing) throw error;
        if (this.progress.at(-1) !== error.message) this.progress.push(error.message);
        if (Date.now() > deadline)
          throw new Error(`never done: ${this.progress.join(' | ')}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }
}

export function lookWith<O>(observation: ObservationImplementation, input: unknown): Promise<O> {
  return observation.look(input, context(observation.contract.name)) as Promise<O>;
}

export function codes(check: Check<unknown>): string[] {
  return check.problems.map((problem) => problem.code).sort();
}
