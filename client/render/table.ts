import Table from 'cli-table3';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Columns under dim headings without lines; cells may carry colours and line breaks. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly dim: (text: string) => string; readonly widths?: readonly (number | null)[] },
): string {
  const made = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    head: head.map(options.dim),
    ...(options.widths === undefined ? {} : { colWidths: [...options.widths], wordWrap: true }),
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
