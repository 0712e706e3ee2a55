import { TAGS } from '../../../workflows/plan/backup/manifest';
import type { Manifest } from '../../../workflows/plan/backup/manifest';
import { instancePrefix, manifestKey } from '../../../workflows/plan/backup/object-keys';
import type { Problem } from '../../../workflows/runbook/step';
import { writeManifest } from '../../../workflows/steps/backup';
import type { WriteManifest } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import { needsPerson, terminal } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { lookAgain } from '../pace';
import { tellBackup } from '../retention/tell-age';
import { jsonText, listFolders, readObject, sha256, STORE_WRITES, writeOnce } from '../s3/objects';
import { actionsOf, partKind } from './part-kinds';

type Output = { readonly key: string; readonly sha256: string; readonly previous: string | null };

/** [B §13.4 #9] Says in the store that the backup is complete, once, and by the same hash on every member. */
export function writeManifestImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<WriteManifest, Output>(writeManifest, {
    actions: [...STORE_WRITES, ...actionsOf('tag')],

    async check({ store, manifest }) {
      const key = keyOf({ store, manifest });
      return {
        state: 'needed',
        before: {},
        calls: [
          { service: 's3', action: 'PutObject', region: store.region, target: `s3://${store.bucket}/${key}` },
          {
            service: 'aws',
            action: 'tag',
            region: manifest.place.region,
            target: manifest.members.map(({ name }) => name).join(', '),
          },
        ],
        problems: await storeProblems(dependencies, { store, manifest }),
        output: { key, sha256: '', previous: null },
        material: { store: `s3://${store.bucket}/${store.prefix}` },
      };
    },

    async run({ store, manifest }) {
      const key = keyOf({ store, manifest });
      const existing = await readObject(dependencies, store, key);
      const text =
        existing ?? jsonText({ ...manifest, previous: await lastBefore(dependencies, { store, manifest }) });
      if (existing === undefined && !(await writeOnce(dependencies, store, key, text))) {
        const written = await readObject(dependencies, store, key);
        return finish(dependencies, { store, manifest }, written ?? '');
      }
      return finish(dependencies, { store, manifest }, text);
    },

    async verify({ store, manifest }, output, context) {
      const key = output?.key ?? '';
      const text = await readObject(dependencies, store, key);
      if (text === undefined) throw lookAgain(`s3://${store.bucket}/${key} is not visible yet`, context);
      const hash = sha256(text);
      if (hash !== output?.sha256) {
        throw needsPerson(`s3://${store.bucket}/${key} is not what was written: somebody changed it.`);
      }
      tellBackup(manifest.instance, 'complete', manifest.capturedAt);
      return {
        output,
        facts: { manifest: `s3://${store.bucket}/${key}`, sha256: hash, previous: output.previous },
      };
    },
  });
}

/** Tags the members of a manifest that is ours. @throws Terminal when it tells of another backup */
async function finish(
  dependencies: Dependencies,
  { store, manifest }: WriteManifest,
  text: string,
): Promise<Output> {
  const key = keyOf({ store, manifest });
  const { previous, ...draft } = JSON.parse(text) as Manifest;
  if (jsonText(draft) !== jsonText(manifest)) {
    throw terminal(
      `s3://${store.bucket}/${key} is there already and tells of something else. It is not overwritten: start another ` +
        'backup, whose name differs.',
    );
  }
  const hash = sha256(text);
  for (const member of manifest.members) {
    await partKind(member.kind).tag(dependencies, manifest.place.region, member, {
      [TAGS.manifest]: hash,
      [TAGS.capturedAt]: member.capturedAt,
    });
  }
  return { key, sha256: hash, previous: previous?.backup ?? null };
}

/** The newest manifest of the instance before this one: the chain shows when one was removed or changed. */
async function lastBefore(
  dependencies: Dependencies,
  { store, manifest }: WriteManifest,
): Promise<Manifest['previous']> {
  const folders = await listFolders(dependencies, store, instancePrefix(store, manifest.instance));
  for (const backup of folders.filter((name) => name < manifest.backup).reverse()) {
    const text = await readObject(dependencies, store, manifestKey(store, manifest.instance, backup));
    if (text !== undefined) return { backup, sha256: sha256(text) };
  }
  return null;
}

async function storeProblems(
  dependencies: Dependencies,
  { store, manifest }: WriteManifest,
): Promise<readonly Problem[]> {
  try {
    await listFolders(dependencies, store, instancePrefix(store, manifest.instance));
    return [];
  } catch (error) {
    return [
      {
        code: 'storeUnusable',
        message: `The store of the backups cannot be listed: ${error instanceof Error ? error.message : String(error)}`,
        remedy:
          'Create the bucket in the region that the estate names, and allow the worker to list, read and write it.',
      },
    ];
  }
}

function keyOf({ store, manifest }: WriteManifest): string {
  return manifestKey(store, manifest.instance, manifest.backup);
}
