import { addUp, longestExposed, longestResume } from './results';
import type { Kind, KindResult, RunResult, SweepResult } from './results';

interface Found {
  readonly began: number;
  ended: number | null;
  readonly runs: RunResult[];
}

/** What a sweep has found so far: one of hours that is ended early must not lose it. */
export class Findings {
  private readonly kinds = new Map<Kind, Found>();

  constructor(private readonly runbook: string) {}

  /** Carries out the sweep of one kind; what it reports run by run is kept. */
  async during(kind: Kind, work: (over: (run: RunResult) => void) => Promise<unknown>): Promise<void> {
    const found: Found = { began: Date.now(), ended: null, runs: [] };
    this.kinds.set(kind, found);
    await work((run) => found.runs.push(run));
    found.ended = Date.now();
  }

  result(): SweepResult {
    const runs = [...this.kinds.values()].flatMap((found) => found.runs);
    const kinds: Partial<Record<Kind, KindResult>> = {};
    for (const [kind, found] of this.kinds) {
      kinds[kind] = addUp(found.runs, ((found.ended ?? Date.now()) - found.began) / 1000);
    }
    return {
      runbook: this.runbook,
      kinds,
      longestResumeSeconds: longestResume(runs),
      longestExposedSeconds: longestExposed(runs),
    };
  }
}
