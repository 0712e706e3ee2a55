import type { SnapshotEnd } from './store';

/** What goes wrong on purpose with one search server. */
export class SearchFaults {
  /** Nobody answers. */
  down = false;
  /** How the snapshots end that are begun from now on. */
  snapshotsEnd: SnapshotEnd = 'SUCCESS';
  /** Virtual seconds that a snapshot, or a restore, takes. */
  seconds = 20;
  /** Whether the next index that is deleted is made again at once, as by a push to Bitbucket. */
  remakesIndex = false;
  private lost: RegExp[] = [];

  /** The answer to the next such request is lost after it took effect. @param request method and path */
  loseAnswer(request: RegExp): void {
    this.lost.push(request);
  }

  /** Whether this answer is to be lost; only once. */
  loses(request: string): boolean {
    const at = this.lost.findIndex((pattern) => pattern.test(request));
    if (at >= 0) this.lost.splice(at, 1);
    return at >= 0;
  }

  clear(): void {
    this.down = false;
    this.snapshotsEnd = 'SUCCESS';
    this.seconds = 20;
    this.remakesIndex = false;
    this.lost = [];
  }
}
