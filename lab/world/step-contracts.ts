import * as awaitRegion from '../../workflows/steps/await-region';
import * as backup from '../../workflows/steps/backup';
import * as countLostPushes from '../../workflows/steps/count-lost-pushes';
import * as database from '../../workflows/steps/database';
import * as fence from '../../workflows/steps/fence';
import * as homeVolume from '../../workflows/steps/home-volume';
import * as maintenance from '../../workflows/steps/maintenance';
import * as nodes from '../../workflows/steps/nodes';
import * as restore from '../../workflows/steps/restore';
import * as restorePoints from '../../workflows/steps/restore-points';
import * as search from '../../workflows/steps/search';
import * as service from '../../workflows/steps/service';
import * as stackProperties from '../../workflows/steps/stack-properties';
import * as verify from '../../workflows/steps/verify';

interface Timed {
  readonly name: string;
  readonly deadlineSeconds: number;
  readonly expectedSeconds: number;
}

const MODULES = [
  awaitRegion,
  backup,
  countLostPushes,
  database,
  fence,
  homeVolume,
  maintenance,
  nodes,
  restore,
  restorePoints,
  search,
  service,
  stackProperties,
  verify,
];

/** Every step that a policy can time. */
export const STEP_CONTRACTS: readonly Timed[] = MODULES.flatMap((module) =>
  Object.values<unknown>(module).filter(isTimed),
);

function isTimed(value: unknown): value is Timed {
  return (
    typeof value === 'object' && value !== null && 'expectedSeconds' in value && 'deadlineSeconds' in value
  );
}
