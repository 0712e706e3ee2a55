import { readManifest } from '../../../workflows/steps/restore';
import type { Dependencies } from '../../dependencies';
import { implementObservation } from '../../implement';
import type { ObservationImplementation } from '../../implement';
import { observe } from '../observe';
import { STORE_READS } from './objects';
import { readBackups } from './read-backups';

export function readManifestImplementation(dependencies: Dependencies): ObservationImplementation {
  return implementObservation(readManifest, STORE_READS, async ({ store, instance, backup }) => {
    const found = await observe(() => readBackups(dependencies, store, instance, [backup]));
    if (found.state !== 'known') return { manifest: null, sha256: null, reason: found.reason };
    const [stored] = found.value;
    if (stored?.manifest) return { manifest: stored.manifest, sha256: stored.sha256, reason: null };
    const reason = stored?.unreadable.join('; ') || `s3://${store.bucket} holds no manifest of ${backup}`;
    return { manifest: null, sha256: null, reason };
  });
}
