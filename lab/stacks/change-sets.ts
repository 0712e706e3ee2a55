import { randomUUID } from 'node:crypto';
import { AwsFault } from '../gateway/overlay';
import type { ResourceChange, Stack, StackParameters } from './stack';
import type { Stacks } from './stacks';
import { changesBetween } from './template-rules';

export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly stack: Stack;
  readonly description: string | undefined;
  readonly parameters: StackParameters;
  readonly changes: readonly ResourceChange[];
  readonly createdAt: number;
  readonly clientToken: string | undefined;
  status: 'CREATE_PENDING' | 'CREATE_IN_PROGRESS' | 'CREATE_COMPLETE' | 'FAILED';
  statusReason: string | undefined;
  executionStatus:
    'UNAVAILABLE' | 'AVAILABLE' | 'EXECUTE_IN_PROGRESS' | 'EXECUTE_COMPLETE' | 'EXECUTE_FAILED';
}

const NOTHING_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

/** Virtual seconds in which CloudFormation works out a change set. */
const CREATION_SECONDS = 4;

export class ChangeSets {
  private all: readonly ChangeSet[] = [];

  constructor(private readonly stacks: Stacks) {}

  of(stack: Stack): readonly ChangeSet[] {
    return this.all.filter((each) => each.stack === stack);
  }

  /** By id, or by name within a stack. */
  find(region: string, nameOrId: string, stackName: string | undefined): ChangeSet | undefined {
    return this.all.find(
      (each) =>
        each.stack.definition.region === region &&
        (each.id === nameOrId ||
          (each.name === nameOrId &&
            (each.stack.id === stackName || each.stack.definition.name === stackName))),
    );
  }

  /** @throws AwsFault AlreadyExistsException for a name in use, unless the client token shows the same request */
  create(
    stack: Stack,
    request: Pick<ChangeSet, 'name' | 'description' | 'parameters' | 'clientToken'>,
  ): ChangeSet {
    const known = this.of(stack).find((each) => each.name === request.name);
    if (known !== undefined) {
      if (request.clientToken !== undefined && known.clientToken === request.clientToken) return known;
      throw new AwsFault('AlreadyExistsException', `ChangeSet ${request.name} already exists`);
    }
    this.stacks.refuseWhileBusy(stack);
    const changeSet: ChangeSet = {
      ...request,
      id: `${stack.id.split(':stack/')[0] ?? ''}:changeSet/${request.name}/${randomUUID()}`,
      stack,
      changes: changesBetween(stack.resources, stack.parameters, request.parameters),
      createdAt: this.stacks.clock.now(),
      status: 'CREATE_PENDING',
      statusReason: undefined,
      executionStatus: 'UNAVAILABLE',
    };
    this.all = [...this.all, changeSet];
    this.stacks.clock.after(CREATION_SECONDS / 2, () => (changeSet.status = 'CREATE_IN_PROGRESS'));
    this.stacks.clock.after(CREATION_SECONDS, () => {
      const empty = changeSet.changes.length === 0;
      changeSet.status = empty ? 'FAILED' : 'CREATE_COMPLETE';
      changeSet.statusReason = empty ? NOTHING_CHANGES : undefined;
      changeSet.executionStatus = empty ? 'UNAVAILABLE' : 'AVAILABLE';
    });
    return changeSet;
  }

  /** Executing one makes the stack's others void. @throws AwsFault InvalidChangeSetStatus, ValidationError */
  execute(changeSet: ChangeSet): void {
    if (changeSet.executionStatus !== 'AVAILABLE') {
      throw new AwsFault(
        'InvalidChangeSetStatus',
        `ChangeSet [${changeSet.id}] cannot be executed in its current status of [${
          changeSet.status === 'CREATE_COMPLETE' ? changeSet.executionStatus : changeSet.status
        }]`,
      );
    }
    this.stacks.update(changeSet.stack, changeSet.parameters, changeSet.changes, (succeeded) => {
      changeSet.executionStatus = succeeded ? 'EXECUTE_COMPLETE' : 'EXECUTE_FAILED';
    });
    changeSet.executionStatus = 'EXECUTE_IN_PROGRESS';
    this.discardOthers(changeSet.stack, changeSet);
  }

  /** Also after an update without a change set: what was worked out before it no longer holds. */
  discardOthers(stack: Stack, kept?: ChangeSet): void {
    this.all = this.all.filter((each) => each.stack !== stack || each === kept);
  }

  /** No-op when there is none. @throws AwsFault InvalidChangeSetStatus while it is being created or executed */
  delete(changeSet: ChangeSet): void {
    const busy =
      changeSet.status === 'CREATE_IN_PROGRESS' ||
      changeSet.status === 'CREATE_PENDING' ||
      changeSet.executionStatus === 'EXECUTE_IN_PROGRESS';
    if (busy) {
      throw new AwsFault(
        'InvalidChangeSetStatus',
        `ChangeSet [${changeSet.id}] cannot be deleted in status ${changeSet.status}, ${changeSet.executionStatus}`,
      );
    }
    this.all = this.all.filter((each) => each !== changeSet);
  }
}
