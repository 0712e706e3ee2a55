/**
 * Text from outside as text of a Markdown page: one line, no markup of its own, nothing invisible. What is escaped is
 * what the Temporal UI's renderer takes for markup: dollars make formulas, two dashes one long one.
 */
export function plain(value: string): string {
  return value
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .replace(/[\\<>`*_[\]~$|#]|-(?=-)|(?<=-)-/g, (sign) => `\\${sign}`);
}

/** The same, of at most `longest` characters before escaping. */
export function clip(value: string, longest: number): string {
  return plain(value.length > longest ? `${value.slice(0, Math.max(0, longest - 1))}…` : value);
}

/** Lines as a list, of which those beyond `most` are only counted; empty without lines. */
export function bullets(lines: readonly string[], most = Infinity): string {
  const hidden = lines.length - most;
  return [...lines.slice(0, most), ...(hidden > 0 ? [`… and ${hidden} more: query \`status\` has all`] : [])]
    .map((line) => `- ${line}`)
    .join('\n');
}

export function titled(title: string, body: string): string {
  return body === '' ? '' : `**${title}**\n\n${body}`;
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `2026-11-21 03:30 UTC` */
export function minute(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
