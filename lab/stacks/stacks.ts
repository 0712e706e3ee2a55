import { randomUUID } from 'node:crypto';
import type { VirtualClock } from '../clock/virtual-clock';
import { AwsFault } from '../gateway/overlay';
import type {
  ResourceChange,
  Stack,
  StackDefinition,
  StackParameters,
  StackResource,
  StackStatus,
} from './stack';

export interface StacksOptions {
  readonly clock: VirtualClock;
  readonly account?: string;
  /** Virtual seconds of UPDATE_IN_PROGRESS; 60 unless told. */
  readonly updateSeconds?: number;
  /** Virtual seconds of the clean-up that follows, and still blocks other updates; 15 unless told. */
  readonly cleanupSeconds?: number;
}

/** The stacks of all regions. They are defined by the lab, not created through the API. */
export class Stacks {
  private readonly all: Stack[] = [];
  private readonly failures = new Map<string, string>();

  constructor(private readonly options: StacksOptions) {}

  get clock(): VirtualClock {
    return this.options.clock;
  }

  /** @throws Error when the region has a stack of that name */
  define(definition: StackDefinition): void {
    const { region, name } = definition;
    if (this.find(region, name) !== undefined) throw new Error(`${region} has a stack ${name} already`);
    const account = this.options.account ?? '123456789012';
    const stack: Stack = {
      definition,
      id: `arn:aws:cloudformation:${region}:${account}:stack/${name}/${randomUUID()}`,
      createdAt: this.clock.now(),
      parameters: { ...definition.defaults, ...definition.parameters },
      resources: definition.resources,
      status: 'CREATE_COMPLETE',
      statusReason: undefined,
      updatedAt: undefined,
      events: [],
      tokens: new Set(),
    };
    this.all.push(stack);
    for (const resource of stack.resources) this.record(stack, resource, 'CREATE_COMPLETE');
    this.record(stack, itself(stack), 'CREATE_COMPLETE');
  }

  in(region: string): readonly Stack[] {
    return this.all.filter((stack) => stack.definition.region === region);
  }

  /** By name or id. */
  find(region: string, nameOrId: string): Stack | undefined {
    return this.in(region).find((stack) => stack.definition.name === nameOrId || stack.id === nameOrId);
  }

  /** The parameters that the stack has now, e.g. for a node that boots; undefined: no such stack. */
  parameters(region: string, name: string): StackParameters | undefined {
    return this.find(region, name)?.parameters;
  }

  /** The next update of the stack is rolled back for this reason. */
  failNextUpdate(region: string, name: string, reason: string): void {
    this.failures.set(`${region}/${name}`, reason);
  }

  /** @throws AwsFault ValidationError while another operation is under way (the clean-up counts [A §7]) */
  refuseWhileBusy(stack: Stack): void {
    if (!stack.status.endsWith('_IN_PROGRESS')) return;
    throw new AwsFault(
      'ValidationError',
      `Stack:${stack.id} is in ${stack.status} state and can not be updated.`,
    );
  }

  /**
   * Starts an update and returns at once; the stack's status tells the rest over virtual time. `finished` is called
   * with whether the update succeeded.
   */
  update(
    stack: Stack,
    parameters: StackParameters,
    changes: readonly ResourceChange[],
    finished: (succeeded: boolean) => void = () => undefined,
  ): void {
    this.refuseWhileBusy(stack);
    const former = stack.parameters;
    stack.parameters = parameters;
    stack.updatedAt = this.clock.now();
    this.enter(stack, 'UPDATE_IN_PROGRESS', 'User Initiated');
    for (const change of changes) this.record(stack, change.resource, 'UPDATE_IN_PROGRESS');
    this.clock.after(this.options.updateSeconds ?? 60, () => {
      void this.apply(stack, parameters, changes).then((problem) => {
        if (problem === undefined) this.complete(stack, changes);
        else this.rollBack(stack, former, changes, problem);
        finished(problem === undefined);
      });
    });
  }

  /** The reason why it cannot be done, or undefined when it is done. */
  private async apply(
    stack: Stack,
    parameters: StackParameters,
    changes: readonly ResourceChange[],
  ): Promise<string | undefined> {
    const key = `${stack.definition.region}/${stack.definition.name}`;
    const failure = this.failures.get(key);
    this.failures.delete(key);
    if (failure !== undefined) return failure;
    try {
      await stack.definition.onUpdate?.(parameters, changes);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private complete(stack: Stack, changes: readonly ResourceChange[]): void {
    const replaced = new Map(changes.map((change) => [change.resource.logicalId, renewed(stack, change)]));
    stack.resources = stack.resources.map((each) => replaced.get(each.logicalId) ?? each);
    for (const resource of replaced.values()) this.record(stack, resource, 'UPDATE_COMPLETE');
    this.enter(stack, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    this.clock.after(this.options.cleanupSeconds ?? 15, () => this.enter(stack, 'UPDATE_COMPLETE'));
  }

  private rollBack(
    stack: Stack,
    former: StackParameters,
    changes: readonly ResourceChange[],
    reason: string,
  ): void {
    const [first] = changes;
    if (first !== undefined) this.record(stack, first.resource, 'UPDATE_FAILED', reason);
    stack.parameters = former;
    this.enter(stack, 'UPDATE_ROLLBACK_IN_PROGRESS', reason);
    const cleanup = this.options.cleanupSeconds ?? 15;
    this.clock.after(cleanup, () => {
      this.enter(stack, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', reason);
      this.clock.after(cleanup, () => this.enter(stack, 'UPDATE_ROLLBACK_COMPLETE', reason));
    });
  }

  private enter(stack: Stack, status: StackStatus, reason?: string): void {
    stack.status = status;
    stack.statusReason = reason;
    this.record(stack, itself(stack), status, reason);
  }

  private record(stack: Stack, resource: StackResource, status: string, reason?: string): void {
    stack.events.push({ id: randomUUID(), at: this.clock.now(), resource, status, reason });
  }
}

/** The stack as a resource of itself, as its events show it. */
function itself(stack: Stack): StackResource {
  return { logicalId: stack.definition.name, physicalId: stack.id, type: 'AWS::CloudFormation::Stack' };
}

/** Launch configurations get a new name; what holds data is the world's to replace, in `onUpdate`. */
function renewed(stack: Stack, change: ResourceChange): StackResource {
  const { resource, replacement } = change;
  if (resource.type !== 'AWS::AutoScaling::LaunchConfiguration' || replacement === 'False') return resource;
  const suffix = randomUUID().replaceAll('-', '').slice(0, 12);
  return { ...resource, physicalId: `${stack.definition.name}-${resource.logicalId}-${suffix}` };
}
