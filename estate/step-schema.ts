import { z } from 'zod';
import { duration } from './duration';
import { nearest } from './nearest';
import { OBSERVATION_NAMES, SHOWN_AS, STEP_NAMES } from './step-names';

const LIMITABLE = [...STEP_NAMES, ...OBSERVATION_NAMES];

/** A name that no step bears would leave the one that was meant as it is, silently. Editors learn the names as well. */
function nameOfStep(known: readonly string[]) {
  return z
    .string()
    .refine((name) => known.includes(name), { error: ({ input }) => noStep(String(input), known) })
    .meta({ enum: [...known] });
}

function noStep(name: string, known: readonly string[]): string {
  if (OBSERVATION_NAMES.includes(name))
    return `${name} only looks: of it the policy can only say the deadline`;
  // Where a run has several steps of a kind, their ids go on after a dot.
  const [kind = name] = name.split('.');
  const meant = SHOWN_AS.get(kind) ?? (known.includes(kind) ? kind : nearest(name, known));
  const hint = meant === undefined ? 'a plan shows each step with its name' : `did you mean "${meant}"?`;
  return `no step is called "${name}": ${hint}`;
}

export const step = nameOfStep(STEP_NAMES);
export const expectedOf = z.record(step, duration);
export const deadlinesOf = z.record(nameOfStep(LIMITABLE), duration);
