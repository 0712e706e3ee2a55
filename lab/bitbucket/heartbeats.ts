import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  nodeId: z.string(),
  cluster: z.string(),
  address: z.string(),
  port: z.number(),
  version: z.string(),
  state: z.enum(['STARTING', 'ACTIVE', 'DRAINING', 'OFFLINE', 'ERROR']),
  /** Real time, epoch milliseconds. */
  at: z.number(),
  /** Cancel token of the backup for which this node has drained; null while it has not. */
  drainedFor: z.string().nullable(),
});

/** What a node tells the others through a file in the shared home; stands in for Hazelcast. */
export type Heartbeat = z.output<typeof schema>;

const LIVE_BEATS = 5;
/** A machine that is out of breath must not look like a dead node. */
const LIVE_AT_LEAST_MS = 4000;

/** The nodes of a shared home, by the files that they keep writing. */
export class Heartbeats {
  private readonly directory: string;
  private readonly seen = new Map<string, { at: number; advanced: boolean }>();

  constructor(
    sharedHome: string,
    private readonly beatSeconds: number,
  ) {
    this.directory = join(sharedHome, '.cluster');
  }

  async write(beat: Heartbeat): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const file = join(this.directory, `${beat.nodeId}.json`);
    await writeFile(`${file}.new`, JSON.stringify(beat));
    await rename(`${file}.new`, file);
  }

  async remove(nodeId: string): Promise<void> {
    await rm(join(this.directory, `${nodeId}.json`), { force: true });
  }

  /** Every file there is, also of nodes long gone. */
  async all(): Promise<readonly Heartbeat[]> {
    const names = await readdir(this.directory).catch(() => []);
    const beats = await Promise.all(
      names.filter((name) => name.endsWith('.json')).map((name) => read(join(this.directory, name))),
    );
    const found = beats.filter((beat) => beat !== undefined);
    for (const beat of found) {
      const before = this.seen.get(beat.nodeId);
      const advanced = before !== undefined && (before.advanced || before.at !== beat.at);
      this.seen.set(beat.nodeId, { at: beat.at, advanced });
    }
    return found;
  }

  isLive(beat: Heartbeat): boolean {
    const limit = Math.max(LIVE_AT_LEAST_MS, this.beatSeconds * LIVE_BEATS * 1000);
    return beat.state !== 'OFFLINE' && Date.now() - beat.at < limit;
  }

  /**
   * Live nodes of other clusters on this home. Only one that was seen to go on writing counts: a home that was just
   * restored from a snapshot still holds the young files of the cluster that it was taken from.
   */
  foreign(beats: readonly Heartbeat[], cluster: string): readonly Heartbeat[] {
    return beats.filter(
      (beat) =>
        beat.cluster !== cluster && this.isLive(beat) && this.seen.get(beat.nodeId)?.advanced === true,
    );
  }
}

async function read(path: string): Promise<Heartbeat | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // Being replaced, or removed, right now.
    return undefined;
  }
}
