import { faults } from './faults';

export type Filters = Readonly<Record<string, readonly string[]>>;

/** @throws AwsFault for a filter that RDS does not have */
export function matches(wanted: Filters, values: Filters): boolean {
  return Object.entries(wanted).every(([name, accepted]) => {
    const own = values[name];
    if (own === undefined) throw faults.value(`Unrecognized filter name: ${name}`);
    return own.some((value) => accepted.includes(value));
  });
}
