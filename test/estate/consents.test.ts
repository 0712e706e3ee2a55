import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATE_DEFAULTS } from '../../estate/policy-schema';

const ROOT = join(__dirname, '../..');
/** Where problems are made; the kit (`workflows/runbook`) only passes on the names that they bear. */
const FOLDERS = ['workflows', 'activities'];

function sources(): readonly { readonly file: string; readonly text: string }[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !(folder === 'workflows' && file.startsWith('runbook')))
      .map((file) => ({ file: `${folder}/${file}`, text: readFileSync(join(ROOT, folder, file), 'utf8') })),
  );
}

/** Every name that `pattern` captures in the code; a name that is no literal could not be checked, and fails. */
function names(pattern: RegExp): readonly { readonly file: string; readonly name: string }[] {
  return sources().flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].map(([, given = '']) => {
      const name = /^'(\w+)'$/.exec(given)?.[1];
      if (name === undefined)
        throw new Error(`${file}: write the name of the gate as a literal, not ${given}`);
      return { file, name };
    }),
  );
}

test('every consent and gate of the code has a default that says who may give it', () => {
  const used = [...names(/(?:^\s*|\{\s*)consent:\s*([^,;}\n]+)/gm), ...names(/\brun\.gate\(\s*([^,)\n]+)/g)];
  expect(used.filter(({ name }) => !Object.hasOwn(GATE_DEFAULTS, name))).toEqual([]);
  // The kit asks for these by itself.
  const known = new Set([...used.map(({ name }) => name), 'drift', 'preempt']);
  expect([...known].sort()).toEqual(Object.keys(GATE_DEFAULTS).sort());
});

test('what may lose data, or end with two writers, is for managers alone', () => {
  const dangerous = [
    'primaryAlive',
    'dataLoss',
    'unprovenFence',
    'blindPromotion',
    'unprovenService',
    'uncheckedRestore',
  ] as const;
  for (const name of dangerous) expect([name, GATE_DEFAULTS[name].roles]).toEqual([name, ['manager']]);
});
