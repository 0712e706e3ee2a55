/** One thing that `doctor` looked at. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen. */
  readonly detail: string;
  /** What to do; only where something is wrong. */
  readonly remedy?: string;
}

export function good(name: string, detail: string): Finding {
  return { name, ok: true, detail };
}

export function bad(name: string, error: unknown, remedy: string): Finding {
  return { name, ok: false, detail: error instanceof Error ? error.message : String(error), remedy };
}
