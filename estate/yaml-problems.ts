import { visit } from 'yaml';
import type { Document, Node } from 'yaml';

interface YamlProblem {
  /** Characters from the beginning of the file. */
  readonly offset: number;
  readonly message: string;
}

/** Why a text is no YAML of which an estate could be read; in the order of the file. */
export function yamlProblems(document: Document.Parsed): readonly YamlProblem[] {
  const ofText = document.errors.map(({ code, pos, message }) => ({
    offset: pos[0],
    message: code === 'MULTIPLE_DOCS' ? 'one document only: remove the line ---' : `not YAML: ${message}`,
  }));
  return [...ofText, ...aliasProblems(document)].sort((one, other) => one.offset - other.offset);
}

/** The parser says nothing of these; the conversion to plain data would throw at the first of them, without its place. */
function aliasProblems(document: Document.Parsed): readonly YamlProblem[] {
  const problems: YamlProblem[] = [];
  // In the order of the file: an alias means the last one before it that has the name.
  const anchors = new Map<string, Node>();
  visit(document, {
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
    Alias(_key, { source, range }, ancestors) {
      const meant = anchors.get(source);
      // The name is not repeated: it may be a password without its quotes.
      if (meant === undefined) problems.push({ offset: range?.[0] ?? 0, message: OF_NOTHING });
      else if (ancestors.includes(meant)) problems.push({ offset: range?.[0] ?? 0, message: OF_ITSELF });
    },
  });
  return problems;
}

const OF_NOTHING =
  'stands for nothing: no anchor (&) of this name is before it. Put a text that begins with * into quotes';
const OF_ITSELF = 'stands for something that it is itself a part of, and would have no end';
