import pc from 'picocolors';

export type Colors = ReturnType<typeof pc.createColors>;

/** Where a command writes. Colours only where they are shown and wanted (NO_COLOR, FORCE_COLOR). */
export interface Terminal {
  /** Whether somebody looks at a screen that can be redrawn. */
  readonly interactive: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
  out(text: string): void;
  err(text: string): void;
}

export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  const interactive = stdout.isTTY && process.env.TERM !== 'dumb';
  const forced = process.env.FORCE_COLOR !== undefined && process.env.FORCE_COLOR !== '0';
  return {
    interactive,
    get columns() {
      return stdout.columns || 100;
    },
    get rows() {
      return stdout.rows || 40;
    },
    colors: pc.createColors(forced || (interactive && pc.isColorSupported)),
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
  };
}
