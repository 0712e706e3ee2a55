/** A resource of a stack as CloudFormation knows it. */
export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  /** E.g. `AWS::RDS::DBInstance`. */
  readonly type: string;
}

export type StackParameters = Readonly<Record<string, string>>;

export type Replacement = 'True' | 'False' | 'Conditional';

/** What an update would do to one resource. */
export interface ResourceChange {
  readonly action: 'Modify';
  readonly resource: StackResource;
  readonly replacement: Replacement;
  readonly causes: readonly ChangeCause[];
}

export interface ChangeCause {
  /** Property of the resource, e.g. `UserData`. */
  readonly property: string;
  readonly recreation: 'Always' | 'Conditionally' | 'Never';
  /** Parameter, or attribute of another resource (`FileServer.PrivateIp`), from which the change comes. */
  readonly entity: string;
  readonly source: 'ParameterReference' | 'ResourceAttribute' | 'ResourceReference' | 'Automatic';
}

export interface StackDefinition {
  readonly region: string;
  readonly name: string;
  readonly parameters: StackParameters;
  readonly resources: readonly StackResource[];
  /** What the template itself gives when an update leaves a parameter out; a parameter without one must be given. */
  readonly defaults?: StackParameters;
  /** Parameters that are shown as `****`. */
  readonly noEcho?: readonly string[];
  readonly outputs?: StackParameters;
  /** Capabilities that every update has to acknowledge, e.g. `CAPABILITY_IAM`. */
  readonly capabilities?: readonly string[];
  /**
   * Makes the update true in the world, while the stack is still UPDATE_IN_PROGRESS. It is told the new parameters and
   * what changes; a rejection rolls the update back with its message as the reason.
   */
  readonly onUpdate?: (
    parameters: StackParameters,
    changes: readonly ResourceChange[],
  ) => Promise<void> | void;
}

export type StackStatus =
  | 'CREATE_COMPLETE'
  | 'UPDATE_IN_PROGRESS'
  | 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_ROLLBACK_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'
  | 'UPDATE_ROLLBACK_COMPLETE';

export interface StackEvent {
  readonly id: string;
  /** Virtual epoch milliseconds. */
  readonly at: number;
  readonly resource: StackResource;
  readonly status: string;
  readonly reason: string | undefined;
}

/** A stack with its history. */
export interface Stack {
  readonly definition: StackDefinition;
  readonly id: string;
  readonly createdAt: number;
  parameters: StackParameters;
  resources: readonly StackResource[];
  status: StackStatus;
  statusReason: string | undefined;
  updatedAt: number | undefined;
  /** Oldest first. */
  readonly events: StackEvent[];
  /** Client request tokens of the operations so far: a repeated request is the same request [A §6]. */
  readonly tokens: Set<string>;
}
