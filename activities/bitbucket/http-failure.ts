import { needsPerson, notYet, terminal } from '../errors';
import { errorBody } from './answers';
import type { HttpAnswer } from './http';
import { ofThisNode } from './node-failure';

/**
 * The failure that an answer other than the expected one means, worded for the operator: what was asked of whom, what
 * came back, what to do. Busy and broken servers are transient, so a plain Error; the rest is for people [B §3].
 */
export function httpFailure(what: string, request: string, user: string | null, answer: HttpAnswer): Error {
  const said = errorText(answer);
  const fact = `${what}: ${request} answered HTTP ${answer.status}${said === '' ? '' : ` (${said})`}`;
  const { status } = answer;
  if (status === 401) {
    // Too many failed sign-ins: the password may be right, a person has to sign in once in a browser.
    if (/captcha/i.test(String(answer.headers['x-authentication-denied-reason'] ?? ''))) {
      return needsPerson(`${fact}. ${user ?? 'The user'} has to solve a CAPTCHA: sign in once in a browser`);
    }
    return needsPerson(
      user === null
        ? `${fact}. It wants credentials: name them in the estate`
        : `${fact}. Check the password of ${user} behind its reference, and that Basic authentication is allowed`,
    );
  }
  if (status === 403) return needsPerson(`${fact}. Give ${user ?? 'the user'} the permission for it`);
  if (status === 429) return notYet(`${fact}: rate limited`, retryAfter(answer) ?? 10);
  if (status >= 300 && status < 400) {
    const to = answer.headers.location ?? 'nowhere';
    return ofThisNode(
      needsPerson(
        `${fact} and points to ${to}. Redirections are not followed: correct the URL in the estate`,
      ),
    );
  }
  if (status >= 500)
    return ofThisNode(new Error(`${fact}. It is tried again; look at the node's log if it stays`));
  const failure = terminal(
    `${fact}. Retrying the same request does not help: check the name in the URL and the product's version`,
  );
  // The web application of that node has not been deployed [B §2.1].
  return status === 404 && answer.body.trim() === '' ? ofThisNode(failure) : failure;
}

/** Bitbucket's own words, or the beginning of whatever else came. */
export function errorText(answer: Pick<HttpAnswer, 'body'>): string {
  const parsed = errorBody.safeParse(parseJson(answer.body));
  const messages = parsed.success ? parsed.data.errors.flatMap((error) => error.message ?? []) : [];
  if (messages.length > 0) return messages.join('; ').slice(0, 500);
  const plain = answer.body
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.slice(0, 160);
}

/** undefined when the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function retryAfter(answer: HttpAnswer): number | undefined {
  const seconds = Number(answer.headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 300) : undefined;
}
