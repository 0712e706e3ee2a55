import type { Manifest, ProductFacts } from '../backup/manifest';
import type { Problem } from '../../runbook/step';

/**
 * Whether the instance that runs now can take the backup: only by the same version, for a newer one would change the
 * tables of the restored database, and an older one would not understand them [B §13.5].
 * @param running null where no node answers; then the first node that starts is compared
 */
export function productFit(manifest: Manifest | null, running: string | null): readonly Problem[] {
  if (manifest === null) return [];
  const { version } = manifest.product;
  if (version === null || running === null || version === running) return [];
  return [
    {
      code: 'otherVersion',
      message: `${manifest.backup} was taken of Bitbucket ${version}; the nodes run ${running}.`,
      remedy: `Bring the nodes to ${version} first (BitbucketVersion of the stack), or take a backup of ${running}.`,
    },
  ];
}

/**
 * How the restored instance differs from what the manifest says. `less` must not be, `fewer` should not; `more` is told. The
 * manifest's counts are older than the capture: what was deleted in between is missing in neither half of the pair.
 */
export function compareProduct(
  expected: ProductFacts,
  found: ProductFacts,
): {
  /** Another version, or none at all of what the manifest has some. */
  readonly less: readonly string[];
  readonly fewer: readonly string[];
  readonly more: readonly string[];
  readonly unknown: readonly string[];
} {
  const counts = (['projects', 'repositories'] as const).map((what) => {
    const wanted = expected[what];
    const now = found[what];
    const text = `${now ?? '?'} ${what}, the manifest says ${wanted ?? 'nothing'}`;
    return { text, now, known: wanted !== null && now !== null, by: (now ?? 0) - (wanted ?? 0) };
  });
  const missing = counts.filter(({ known, by }) => known && by < 0);
  const sameVersion = expected.version === null || expected.version === found.version;
  return {
    less: [
      ...(sameVersion
        ? []
        : [`Bitbucket ${found.version ?? '?'}, the backup is of ${expected.version ?? '?'}`]),
      ...missing.filter(({ now }) => now === 0).map(({ text }) => text),
    ],
    fewer: missing.filter(({ now }) => now !== 0).map(({ text }) => text),
    more: counts.filter(({ known, by }) => known && by > 0).map(({ text }) => text),
    unknown: [
      ...(expected.version === null ? ['the version at the backup'] : []),
      ...counts.filter(({ known }) => !known).map(({ text }) => text),
    ],
  };
}
