import type { Stack } from './stack';

/** The template as far as the lab knows it: parameters with their defaults, resources with their types. */
export function templateOf(stack: Stack): object {
  const { definition } = stack;
  const parameters = Object.keys(stack.parameters).map((name) => {
    const fallback = definition.defaults?.[name];
    return [
      name,
      {
        Type: 'String',
        ...(fallback === undefined ? {} : { Default: fallback }),
        ...(definition.noEcho?.includes(name) === true ? { NoEcho: true } : {}),
      },
    ] as const;
  });
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Parameters: Object.fromEntries(parameters),
    Resources: Object.fromEntries(stack.resources.map((each) => [each.logicalId, { Type: each.type }])),
  };
}
