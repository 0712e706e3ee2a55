import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where in an activity something is to happen. `start`: taken up, nothing done. `end`: everything done, and Temporal
 * does not know it yet. `boundary`: the result is handed in, and the run is about to take its next step.
 */
export type Edge = 'start' | 'end' | 'boundary';

/** One moment of a run, the same in every run of the same procedure. */
export interface Moment {
  /** `<step>/<part>`, e.g. `startNode.1/verify`; the kit's own activities by their name. */
  readonly activity: string;
  /** Which execution of it within the run, from 1: a check is made for the plan and again before the step. */
  readonly nth: number;
  readonly edge: Edge;
}

/** What a worker does to itself when a moment comes, once in a run. */
export interface Order extends Moment {
  /** `hold`: waits until it is let go on. `fail`: the activity fails for good. */
  readonly act: 'kill' | 'hold' | 'fail';
}

export interface Control {
  readonly orders: readonly Order[];
  /** Moments that need not be waited at any longer, as `momentName` writes them. */
  readonly released: readonly string[];
  /** The worker that is to work; those with a higher number stand by, those with a lower one are dead. */
  readonly turn: number;
  /** How much the worker's clock is ahead. */
  readonly clockSeconds: number;
}

/** A line of a worker's diary. `at`: epoch milliseconds of the machine's clock, whatever the worker's own says. */
export interface DiaryEntry {
  readonly at: number;
  readonly pid: number;
  readonly event: 'start' | 'end' | 'kill' | 'hold' | 'fail';
  readonly runId: string;
  readonly activityId: string;
  readonly activity: string;
  readonly nth: number;
  readonly edge?: Edge;
  /** Of `end`: whether the attempt succeeded. */
  readonly ok?: boolean;
}

export const NO_ORDERS: Control = { orders: [], released: [], turn: 0, clockSeconds: 0 };

export function momentName({ activity, nth, edge }: Moment): string {
  return `${activity} ${nth} ${edge}`;
}

/** The files by which a sweep and the workers under it talk. */
export class MomentFiles {
  constructor(private readonly directory: string) {}

  readControl(): Control {
    const path = join(this.directory, 'control.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Control) : NO_ORDERS;
  }

  /** In one piece: a worker reads it at any time. */
  writeControl(control: Control): void {
    const path = join(this.directory, 'control.json');
    writeFileSync(`${path}.new`, JSON.stringify(control));
    renameSync(`${path}.new`, path);
  }

  append(entry: DiaryEntry): void {
    appendFileSync(join(this.directory, 'diary.jsonl'), `${JSON.stringify(entry)}\n`);
  }

  read(): readonly DiaryEntry[] {
    const path = join(this.directory, 'diary.jsonl');
    if (!existsSync(path)) return [];
    // A worker that is killed may leave half a line.
    return readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as DiaryEntry] : []));
  }
}
