import type { Problem } from '../../runbook/step';
import type { ObservedProduct } from '../../steps/observe-product';
import type { BackupPlan } from '../instance';
import type { BackupMode } from './manifest';

/** What a backup of home and database would leave out, or could not bring back [B §6, §14 #24]. */
export function productProblems(
  { version, meshNodes }: ObservedProduct,
  mode: BackupMode,
  mesh: BackupPlan['mesh'],
): readonly Problem[] {
  return [
    ...(mesh === 'elsewhere' ? [] : meshProblems(meshNodes)),
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

/** Unknown is not none. */
function meshProblems(nodes: number | null): readonly Problem[] {
  const elsewhere = 'say so in the estate (backup.mesh: elsewhere)';
  if (nodes === null) {
    return [
      {
        code: 'meshUnknown',
        message:
          'It is not known whether the instance has Mesh nodes: this backup would lack their repositories.',
        remedy: `Make Bitbucket answer, or consent if you know that there are none; if they are backed up by other means, ${elsewhere}.`,
        consent: 'unknownMesh',
      },
    ];
  }
  if (nodes === 0) return [];
  return [
    {
      code: 'meshNotCovered',
      message: `The instance has ${nodes} Mesh nodes: their repositories are not on the shared home.`,
      remedy: `This backup would lack them, and this runbook does not cover them. Back Mesh up by its own means and ${elsewhere}.`,
    },
  ];
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}
