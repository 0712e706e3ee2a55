import type { z } from 'zod';
import { stringify } from 'yaml';
import { definitionOf } from './definition';
import { formatDuration, isDuration } from './duration';
import { estateSchema } from './schema';
import type { Estate } from './schema';

/** The estate as YAML with every default filled in and a unit for each duration; read again it gives the same estate. */
export function showEstate(estate: Estate): string {
  return stringify(worded(estateSchema, estate));
}

/** The value with the seconds of its durations as text; the schema says which numbers these are. */
function worded(schema: z.core.$ZodType, value: unknown): unknown {
  if (isDuration(schema)) return typeof value === 'number' ? formatDuration(value) : value;
  const { innerType, in: given, options, shape, catchall, valueType, element } = definitionOf(schema);
  const inner = innerType ?? given;
  if (inner !== undefined) return worded(inner, value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return element === undefined ? value : value.map((item: unknown) => worded(element, item));
  }
  if (options !== undefined) {
    const map = options.find((option) => definitionOf(option).shape !== undefined);
    return map === undefined ? value : worded(map, value);
  }
  const members = Object.entries(value).map(([name, member]: [string, unknown]) => {
    const of = (shape !== undefined && Object.hasOwn(shape, name) ? shape[name] : catchall) ?? valueType;
    return [name, of === undefined ? member : worded(of, member)];
  });
  return Object.fromEntries(members) as unknown;
}
