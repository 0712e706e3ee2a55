import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The time of day that the world stamps on what clients compare with their own clock: when a snapshot was taken, when a
 * push was recorded. It is the machine's unless it was moved, so that a schedule of days can be played in minutes. How
 * long something takes is the virtual clock's affair and knows nothing of it. Kept in a file, for the programs of the
 * nodes go by it too.
 */
export class Calendar {
  /** @param file milliseconds, as text; undefined or absent: never moved */
  constructor(private readonly file: string | undefined) {}

  /** Epoch milliseconds. */
  now(): number {
    return Date.now() + this.ahead;
  }

  /** Milliseconds before the machine's clock, negative behind it. */
  get ahead(): number {
    if (this.file === undefined) return 0;
    try {
      return Number(readFileSync(this.file, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw error;
    }
  }

  /** From now on it goes by this much more than the machine's clock, at the machine's pace. */
  move(aheadMilliseconds: number): void {
    if (this.file === undefined) throw new Error('a calendar without a file cannot be moved');
    writeFileSync(this.file, String(Math.round(aheadMilliseconds)));
  }
}
