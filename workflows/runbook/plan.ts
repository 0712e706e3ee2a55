import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';
import type { Check, Facts, PlannedCall, Problem, Risk, StepContract } from './step';
import type { GatePolicy } from './policy';
import type { RunFact } from './state';

/** One step as it is planned: what it would do, from what state, and what undoes it. */
export interface PlannedStep {
  readonly id: string;
  readonly title: string;
  readonly risk: Risk;
  readonly state: 'needed' | 'done';
  readonly expectedSeconds: number;
  readonly before: Facts;
  readonly calls: readonly PlannedCall[];
  readonly undo: string | null;
  readonly material: Facts;
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

export interface PlannedGate {
  readonly name: string;
  readonly title: string;
  readonly policy: GatePolicy;
  /** Id of the step that follows. */
  readonly before: string | null;
}

export interface Plan {
  readonly runbook: string;
  readonly instance: string;
  readonly createdAt: string;
  readonly facts: readonly RunFact[];
  readonly steps: readonly PlannedStep[];
  readonly gates: readonly PlannedGate[];
  /** All problems, of the runbook itself and of every step. */
  readonly problems: readonly Problem[];
  readonly pointsOfNoReturn: readonly string[];
  readonly expectedSeconds: number;
  /** First 16 hexadecimal digits of the SHA-256 over everything that an approval rests on. */
  readonly hash: string;
}

export function planStep<O>(
  id: string,
  title: string,
  contract: StepContract<unknown, O>,
  check: Check<O>,
  expectedSeconds: number,
): PlannedStep {
  return {
    id,
    title,
    risk: contract.risk,
    state: check.state,
    expectedSeconds: check.state === 'done' ? 0 : expectedSeconds,
    before: check.before,
    calls: check.calls,
    undo: check.undo ?? null,
    material: check.material ?? {},
    problems: check.problems,
    notes: check.notes ?? [],
  };
}

export function completePlan(plan: Omit<Plan, 'hash' | 'pointsOfNoReturn' | 'expectedSeconds'>): Plan {
  return {
    ...plan,
    pointsOfNoReturn: plan.steps.filter((step) => step.risk === 'pointOfNoReturn').map((step) => step.id),
    expectedSeconds: plan.steps.reduce((sum, step) => sum + step.expectedSeconds, 0),
    hash: hashPlan(plan),
  };
}

/**
 * The hash covers what people approve: facts shown, steps with risk, calls and material facts, gates and problems.
 * Free-text notes and the states before, which may move by themselves, are left out.
 */
function hashPlan(plan: Omit<Plan, 'hash' | 'pointsOfNoReturn' | 'expectedSeconds'>): string {
  const approved = {
    runbook: plan.runbook,
    instance: plan.instance,
    facts: plan.facts,
    gates: plan.gates,
    problems: plan.problems,
    steps: plan.steps.map(({ id, title, risk, state, calls, material }) => ({
      id,
      title,
      risk,
      state,
      calls,
      material,
    })),
  };
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(approved)))).slice(0, 16);
}

/** JSON with the members of every object in alphabetical order, so that equal values give equal text. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
