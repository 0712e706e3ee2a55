import type { Problem } from '../../runbook/step';
import type { ObservedProduct } from '../../steps/observe-product';
import type { BackupMode } from './manifest';

/** What a backup of home and database would leave out, or could not bring back [B §6, §14 #24]. */
export function productProblems(product: ObservedProduct, mode: BackupMode): readonly Problem[] {
  const { version, meshNodes } = product;
  return [
    ...(meshNodes !== null && meshNodes > 0
      ? [
          {
            code: 'meshNotCovered',
            message: `The instance has ${meshNodes} Mesh nodes: their repositories are not on the shared home.`,
            remedy:
              'This backup would lack them. Back Mesh up by its own means; this runbook does not cover it yet.',
          },
        ]
      : []),
    ...(version !== null && mode === 'zeroDowntime' && isOlder(version, [4, 8])
      ? [
          {
            code: 'versionTooOld',
            message: `Bitbucket ${version} cannot be backed up while it is in use; that needs 4.8.`,
            remedy: 'Set policy.backup.mode to locked.',
          },
        ]
      : []),
  ];
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}
