import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The estate that is shipped to be copied. */
export const EXAMPLE_FILE = join(__dirname, '../../estate/examples/production.yaml');

export const EXAMPLE = readFileSync(EXAMPLE_FILE, 'utf8');

/** The same with every setting that is off turned on: a `#` without exactly one space after it is no remark. */
export const EXAMPLE_IN_FULL = EXAMPLE.replace(/^( *)#(?=\S| {2,}\S)/gm, '$1');
