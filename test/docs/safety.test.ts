import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const text = readFileSync(join(ROOT, 'docs/safety.md'), 'utf8');

/** What is said to show a promise: files, and titles that each of them has. */
interface Proof {
  readonly files: readonly string[];
  readonly titles: readonly string[];
}

const captured = (source: string, pattern: RegExp): readonly string[] =>
  [...source.matchAll(pattern)].map(([, found = '']) => found);

/** The last cell of each row; what belongs together stands between two semicolons. */
const proofs: readonly Proof[] = text
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .flatMap((line) => (line.split('|').at(-2) ?? '').split(';'))
  .map((part) => ({
    files: captured(part, /`([\w./-]+\.ts)`/g),
    titles: captured(part, /(?<![\w`])_([^_`]+)_(?!\w)/g),
  }));

/** Tests are named from `test/`, everything else from the root. */
function pathOf(file: string): string {
  return join(ROOT, file.endsWith('.test.ts') ? 'test' : '', file);
}

/** Titles of tests and of groups of them; elsewhere whatever a name could be. */
function titlesIn(file: string): readonly string[] {
  const source = readFileSync(pathOf(file), 'utf8');
  const titled = /(?:\b(?:test|describe|it)(?:\.\w+)?\(|\)\()\s*(['"`])((?:(?!\1)[^\\]|\\.)*)\1/g;
  if (!file.endsWith('.test.ts')) return captured(source, /'([^'\n]+)'/g);
  return [...source.matchAll(titled)].map(([, , title = '']) => title.replaceAll("\\'", "'"));
}

test('every file that is said to show a promise is there', () => {
  const files = captured(text, /`([\w./-]+\.test\.ts)`/g);
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((file) => !existsSync(pathOf(file)))).toEqual([]);
});

test('every title that is said to show a promise is one of each file that is named with it', () => {
  const named = proofs.flatMap(({ files, titles }) => titles.map((title) => ({ title, files })));
  expect(named.length).toBeGreaterThan(20);
  const wrong = named.filter(
    ({ title, files }) =>
      files.length === 0 || !files.every((file) => titlesIn(file).some((one) => one.includes(title))),
  );
  expect(wrong).toEqual([]);
});
