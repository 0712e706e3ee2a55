import type { Instance, Site } from '../plan/instance';
import type { Settings } from '../plan/settings';
import type { Run } from '../runbook/run';
import { setStackProperties } from '../steps/stack-properties';

/** Bitbucket is told that it comes up from a copy: it then compares database and home [B §8]. */
export function announceRestore<Input>(
  run: Run<Input, Instance, Settings>,
  { region, stack }: Pick<Site, 'region' | 'stack'>,
): Promise<unknown> {
  return run.step(
    setStackProperties,
    {
      region,
      stack: stack.name,
      parameter: stack.propertiesParameter,
      set: { 'disaster.recovery': 'true' },
    },
    { title: 'Tell Bitbucket that it will come up from a backup' },
  );
}
