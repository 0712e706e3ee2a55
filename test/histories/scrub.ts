import { Buffer } from 'node:buffer';

/** Text that tells where a recording was made → what stands for it. */
export type Replacements = Readonly<Record<string, string>>;

/** Who ran what: told by a host's name and a process. */
const IDENTITY = /identity$/i;
/** Members that replay does not read, and that are large or tell about the machine; arguments are never compared. */
const DROPPED = new Set([
  'lastFailure',
  'requestId',
  'stackTrace',
  'taskId',
  'userMetadata',
  'workerVersion',
]);

/** A history as JSON without what only its machine knows; text is replaced inside payloads as well. */
export function scrub(value: unknown, replacements: Replacements): unknown {
  if (Array.isArray(value)) return value.map((one) => scrub(one, replacements));
  if (typeof value === 'string') return replaceAll(value, replacements);
  if (typeof value !== 'object' || value === null) return value;
  const sticky = 'kind' in value && value.kind === 'TASK_QUEUE_KIND_STICKY';
  const members = Object.entries(value)
    .filter(([name]) => !DROPPED.has(name) && !(name === 'input' && 'activityType' in value))
    .map(([name, member]) => {
      if (typeof member !== 'string') return [name, scrub(member, replacements)] as const;
      if (IDENTITY.test(name)) return [name, 'recorder'] as const;
      if (sticky && name === 'name') return [name, 'sticky'] as const;
      return [
        name,
        name === 'data' ? scrubPayload(member, replacements) : replaceAll(member, replacements),
      ] as const;
    });
  return Object.fromEntries(members);
}

function scrubPayload(base64: string, replacements: Replacements): string {
  const text = Buffer.from(base64, 'base64').toString();
  return Buffer.from(replaceAll(text, replacements)).toString('base64');
}

function replaceAll(text: string, replacements: Replacements): string {
  return Object.entries(replacements).reduce((now, [from, to]) => now.replaceAll(from, to), text);
}

/** One event a line: what git shows of a new recording can be read. */
export function historyText(history: unknown): string {
  const { events } = history as { readonly events: readonly unknown[] };
  return `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}
