import type {
  Check,
  ObservationContract,
  StepContext,
  StepContract,
  Undone,
  Verified,
} from '../workflows/runbook/step';

/** What an activity may use besides its input: counted AWS clients, secrets, HTTP, hosts. Fresh per attempt. */
export interface StepParts<I, O> {
  /** IAM actions that this step may call, e.g. `rds:PromoteReadReplica`; the least-privilege policy is made of them. */
  readonly actions: readonly string[];
  /** Reads only. */
  check(input: I, context: StepContext): Promise<Check<O>>;
  /** Reads before it writes; a repeated run after a lost answer adopts what exists. Absent for read-only steps. */
  run?(input: I, context: StepContext): Promise<O>;
  /** One look. Throws `notYet(…)` while the effect is not there; `output` is absent for read-only steps. */
  verify(input: I, output: O | undefined, context: StepContext): Promise<Verified<O>>;
  /** Takes the effect back; a no-op when it is absent. `output` is absent when `run`'s answer was lost. */
  undo?(
    input: I,
    former: { before: Check<O>['before']; output?: O | undefined },
    context: StepContext,
  ): Promise<Undone>;
}

/** A step's contract together with what carries it out. */
export interface StepImplementation {
  readonly kind: 'step';
  readonly contract: StepContract<unknown, unknown>;
  readonly parts: StepParts<unknown, unknown>;
}

export interface ObservationImplementation {
  readonly kind: 'observation';
  readonly contract: ObservationContract<unknown, unknown>;
  readonly actions: readonly string[];
  readonly look: (input: unknown, context: StepContext) => Promise<unknown>;
}

export type Implementation = StepImplementation | ObservationImplementation;

/** Binds the parts to the contract; refuses combinations that the risk forbids (design: undo and run by risk). */
export function implementStep<I, O>(
  contract: StepContract<I, O>,
  parts: StepParts<I, O>,
): StepImplementation {
  const wrong =
    contract.risk === 'readOnly'
      ? parts.run !== undefined || parts.undo !== undefined
      : parts.run === undefined || (contract.risk === 'pointOfNoReturn') !== (parts.undo === undefined);
  if (wrong) {
    throw new Error(
      `step ${contract.name} is ${contract.risk}: readOnly has neither run nor undo, reversible has both, ` +
        'pointOfNoReturn has run and no undo',
    );
  }
  return {
    kind: 'step',
    contract: contract,
    parts: parts,
  };
}

export function implementObservation<I, O>(
  contract: ObservationContract<I, O>,
  actions: readonly string[],
  look: (input: I, context: StepContext) => Promise<O>,
): ObservationImplementation {
  return {
    kind: 'observation',
    contract: contract,
    actions,
    look: look as (input: unknown, context: StepContext) => Promise<unknown>,
  };
}
