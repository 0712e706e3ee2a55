import type { AwsClients } from '../../../activities/aws/clients';
import type { Dependencies } from '../../../activities/dependencies';
import { dependenciesOf } from './step-driver';

/** Seconds after which a request without an answer counts as never sent. */
export const SETTLED = 70;

type Answer = (input: Record<string, never>) => unknown;

interface Change {
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
}

interface FakeAws {
  readonly dependencies: Dependencies;
  /** Names of the calls that change something, in order. */
  readonly changes: readonly string[];
  readonly calls: readonly Change[];
}

/** AWS that answers what a test says, by the name of the call, and nothing to the others. */
export function fakeAws(answers: Readonly<Record<string, Answer>>): FakeAws {
  const changes: string[] = [];
  const calls: Change[] = [];
  const send = async (command: {
    readonly constructor: { readonly name: string };
    readonly input: object;
  }) => {
    const action = command.constructor.name.replace(/Command$/, '');
    if (!action.startsWith('Describe')) {
      changes.push(action);
      calls.push({ action, input: { ...command.input } });
    }
    return answers[action]?.(command.input as never) ?? {};
  };
  const client = { send };
  const clients = {
    rds: () => client,
    ec2: () => client,
    autoScaling: () => client,
    cloudFormation: () => client,
  };
  const aws = { settleSeconds: SETTLED, ...clients } as unknown as AwsClients;
  return { dependencies: dependenciesOf(aws), changes, calls };
}
