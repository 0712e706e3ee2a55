import { z } from 'zod';
import { estateSchema } from './schema';

/** JSON Schema of estate.yaml for editors: completion, descriptions, defaults. */
export function estateJsonSchema(): Readonly<Record<string, unknown>> {
  return { title: 'estate.yaml of bitbucket-runbooks', ...z.toJSONSchema(estateSchema, { io: 'input' }) };
}
