import { defineObservation, defineStep } from '../../workflows/runbook/step';
import type { Risk } from '../../workflows/runbook/step';

export interface ToyInput {
  readonly name: string;
}

export interface ToyOutput {
  readonly value: string;
}

function toy(name: string, risk: Risk) {
  return defineStep<ToyInput, ToyOutput>({
    name,
    title: `Toy ${name}`,
    risk,
    deadlineSeconds: 20,
    expectedSeconds: 1,
  });
}

export const first = toy('first', 'reversible');
export const second = toy('second', 'reversible');
export const oneWay = toy('oneWay', 'pointOfNoReturn');
export const last = toy('last', 'reversible');
export const proof = toy('proof', 'readOnly');

export const lookAround = defineObservation<ToyInput, { readonly weather: string }>({
  name: 'lookAround',
  title: 'Look around',
  deadlineSeconds: 20,
});

/** The one step of `toyTask`: what it does is decided by its instance's name. */
export const task = toy('task', 'reversible');

export const TOY_STEPS = [first, second, oneWay, last, proof] as const;
