import { XMLParser } from 'fast-xml-parser';

/** An XML element without attributes: text, children by name, or the same child several times. */
type XmlValue = string | XmlNode | readonly XmlValue[];
export interface XmlNode {
  readonly [name: string]: XmlValue;
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: true,
});

/**
 * Content of an AWS reply, all leaves as text, e.g. `{ DBInstances: { DBInstance: {…} } }`. The root element is left
 * out, and so is the `…Result` wrapper of the query protocol: `queryReply(call, parseXml(body))` is the same reply.
 * An element that occurs once is no array: read lists with `children`.
 */
export function parseXml(body: Buffer | string): XmlNode {
  const document = parser.parse(body.toString()) as XmlNode;
  const [name, root] = Object.entries(document)[0] ?? ['', ''];
  const content = asNode(root);
  if (!name.endsWith('Response')) return content;
  const result = content[`${name.slice(0, -'Response'.length)}Result`];
  if (result !== undefined) return asNode(result);
  return Object.fromEntries(
    Object.entries(content).filter(([key]) => key !== 'ResponseMetadata' && key !== 'requestId'),
  );
}

/** The elements at a path, e.g. `children(reply, 'volumeSet', 'item')`; none when the path is absent or empty. */
export function children(node: XmlNode, ...path: readonly string[]): readonly XmlNode[] {
  let nodes: readonly XmlNode[] = [node];
  for (const name of path) nodes = nodes.flatMap((each) => many(each[name]).map(asNode));
  return nodes;
}

/** Text of the element at a path, or '' when it is absent. */
export function text(node: XmlNode, ...path: readonly string[]): string {
  let value: XmlValue | undefined = node;
  for (const name of path) value = asNode(value)[name];
  return typeof value === 'string' ? value : '';
}

/** Writes `<root>…</root>`. Arrays repeat their element, dates become ISO text, `undefined` is left out. */
export function renderXml(root: string, content: unknown, namespace?: string): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${renderContent(content)}</${root}>`;
}

function renderContent(content: unknown): string {
  if (content === null || content === undefined) return '';
  if (content instanceof Date) return content.toISOString();
  if (typeof content === 'string') return escape(content);
  if (typeof content !== 'object') return JSON.stringify(content);
  return Object.entries(content)
    .flatMap(([name, value]) => many(value as unknown).map((each) => [name, each] as const))
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${renderContent(value)}</${name}>`)
    .join('');
}

function escape(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function asNode(value: XmlValue | undefined): XmlNode {
  return typeof value === 'object' && !Array.isArray(value) ? (value as XmlNode) : {};
}

function many<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
