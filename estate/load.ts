import { readFileSync } from 'node:fs';
import { LineCounter, isMap, isNode, isPair, isScalar, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { z } from 'zod';
import { crossCheck } from './check';
import { describeIssue } from './issues';
import type { Finding } from './check';
import { estateSchema } from './schema';
import type { Estate } from './schema';
import { yamlProblems } from './yaml-problems';

interface Place {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** Of the file as a whole where it has no place. */
export interface EstateProblem extends Finding, Partial<Place> {}

/**
 * What is wrong with an estate file; one line per problem in the message: `file:line:column where: what`. Where further
 * checks could not be made yet, one more line says so.
 */
export class EstateError extends Error {
  constructor(
    readonly file: string,
    readonly problems: readonly EstateProblem[],
    moreFollow = false,
  ) {
    const lines = problems.map(({ line, column, path, message }) => {
      if (line === undefined || column === undefined) return message;
      const where = path.length === 0 ? '' : `${showPath(path)}: `;
      return `${file}:${line}:${column} ${where}${message}`;
    });
    const last = moreFollow ? ['(further checks follow when these are corrected)'] : [];
    super([...lines, ...last].join('\n'));
    this.name = 'EstateError';
  }
}

const HOW_TO_BEGIN =
  'Copy estate/examples/production.yaml and describe your instance, or name yours with --estate or RUNBOOKS_ESTATE.';

/**
 * Reads, checks and completes an estate file.
 * @throws EstateError with every problem and its place
 */
export function loadEstate(file: string): Estate {
  return parseEstate(readText(file), file);
}

/**
 * The same, for whoever asks again and again: checking thousands of instances takes seconds, and is done once for each
 * content of the file.
 */
export function estateReader(file: string): () => Estate {
  let known: { readonly text: string; readonly estate: Estate } | undefined;
  return () => {
    const text = readText(file);
    if (known?.text !== text) known = { text, estate: parseEstate(text, file) };
    return known.estate;
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message =
      code === 'ENOENT'
        ? `there is no ${file}. ${HOW_TO_BEGIN}`
        : `${file}: cannot be read (${code ?? String(error)})`;
    throw new EstateError(file, [{ path: [], message }]);
  }
}

/** Like `loadEstate`, from the text; `file` is used in messages only. */
export function parseEstate(text: string, file: string): Estate {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const unreadable = yamlProblems(document).map(({ offset, message }) => ({
    ...at(offset),
    path: [],
    message,
  }));
  if (unreadable.length > 0) throw new EstateError(file, unreadable, true);
  const given = plainData(document, file);
  const locate = (finding: Finding): Finding & Place => ({
    ...at(offsetOf(document, finding.path)),
    ...finding,
  });
  const parsed = estateSchema.safeParse(given);
  const findings = parsed.success
    ? crossCheck(parsed.data)
    : parsed.error.issues.flatMap((issue: z.core.$ZodIssue) => describeIssue(issue, given));
  if (findings.length > 0) {
    const problems = findings.map(locate).sort((a, b) => a.line - b.line || a.column - b.column);
    throw new EstateError(file, problems, !parsed.success);
  }
  if (!parsed.success) throw parsed.error;
  return parsed.data;
}

function plainData(document: Document, file: string): unknown {
  const problem = (message: string): EstateError =>
    new EstateError(file, [{ path: [], message: `${file}: ${message}` }]);
  let given: unknown;
  try {
    given = document.toJS();
  } catch (error) {
    // Aliases of aliases that would fill the memory.
    throw problem(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (given === null) throw problem(`the file is empty. ${HOW_TO_BEGIN}`);
  return given;
}

/** Where the deepest existing part of the path stands: the key for members of maps, the item for lists. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!isPair(pair)) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      const item: unknown =
        isNode(node) && 'get' in node ? (node as Node & Getter).get(step, true) : undefined;
      if (!isNode(item)) break;
      offset = startOf(item) ?? offset;
      node = item;
    }
  }
  return offset ?? 0;
}

interface Getter {
  get(key: unknown, keepScalar: true): unknown;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** `instances.bitbucket-prod.people[0].name` */
function showPath(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}
