import type { z } from 'zod';

/** The members of zod's definitions that lead inwards. */
interface Definition {
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly catchall?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
}

/** What a schema is made of, as it is written in a file: of something that is transformed, what is given. */
export function definitionOf(schema: z.core.$ZodType): Definition {
  return (schema._zod as unknown as { readonly def: Definition }).def;
}
