import { createHmac } from 'node:crypto';
import { log } from '@temporalio/activity';
import { parseSecretReference, SecretError } from '../../estate/secrets';
import type { Secrets } from '../../estate/secrets';
import type { Notice } from '../../workflows/runbook/admission';
import type { NotificationTarget } from '../../workflows/runbook/policy';
import { exchange } from '../bitbucket/http';
import { terminal } from '../errors';

/** A receiver that needs longer gets the notice again. */
const TIMEOUT_SECONDS = 10;

/**
 * Tells one receiver of one thing that happened to a run: a POST of one JSON object. Repeated while nobody answers, so
 * a receiver may get it twice; `id` is then the same. Without a receiver it writes one line of the worker's log.
 * @returns how it went, in words
 * @throws Terminal when the receiver refuses, or its address or secret cannot be had
 */
export async function notify(secrets: Secrets, notice: Notice): Promise<string> {
  const { target } = notice;
  return target === null ? writeToLog(notice) : post(secrets, notice, target);
}

function writeToLog({ ask, event, ...notice }: Notice): string {
  const { roles = [], people = [], id } = ask ?? {};
  log.warn(`decision ${id ?? ''} waits for ${roles.join(', ')}`, { notice: event, ...notice, ask });
  const names = people.map(({ name }) => name).join(', ');
  return `written to the worker's log for ${names === '' ? 'nobody: no person has the role' : names}`;
}

async function post(secrets: Secrets, notice: Notice, target: NotificationTarget): Promise<string> {
  const url = addressOf(target, await valueOf(secrets, target.webhook));
  const { target: _target, ...said } = notice;
  const id = `${notice.runId}/${notice.event}${notice.ask === undefined ? '' : `/${notice.ask.id}`}`;
  const body = JSON.stringify({ id, ...said });
  const signed =
    target.secret === undefined
      ? {}
      : { 'x-runbooks-signature': `sha256=${hmac(await valueOf(secrets, target.secret), body)}` };
  const { status } = await exchange({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', 'idempotency-key': id, ...signed },
    body,
    timeoutSeconds: TIMEOUT_SECONDS,
  });
  if (status >= 200 && status < 300) return `${target.name} took it`;
  // The address is often a secret itself, and is not repeated.
  const refused = `${target.name} answered HTTP ${status}`;
  if (status >= 500 || status === 429 || status === 408) throw new Error(refused);
  throw terminal(`${refused}. Check notifications of the policy, and whether the webhook still exists`);
}

/** @throws Terminal that names the reference: no repetition finds what is not there */
async function valueOf(secrets: Secrets, text: string): Promise<string> {
  if (parseSecretReference(text) === undefined) return text;
  try {
    return await secrets.resolve(text);
  } catch (error) {
    if (error instanceof SecretError) throw terminal(error.message, error);
    throw error;
  }
}

function addressOf(target: NotificationTarget, text: string): URL {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw terminal(`what ${target.webhook.split(':')[0] ?? ''}: gives for ${target.name} is no HTTP address`);
}

function hmac(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}
