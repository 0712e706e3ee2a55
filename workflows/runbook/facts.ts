import type { Facts } from './step';

/** `status available, source none`: facts as people read them, the same everywhere. */
export function describeFacts(facts: Facts): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${value === null ? 'none' : String(value)}`)
    .join(', ');
}
