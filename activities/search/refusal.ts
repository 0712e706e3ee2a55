import type { HttpAnswer } from '../bitbucket/http';
import { errorText, parseJson } from '../bitbucket/http-failure';
import { needsPerson, notYet, terminal } from '../errors';
import { refusalBody } from './answers';

/** How a search server refuses, by its own word for the reason; '' where it gives none. */
export function refusalType(answer: Pick<HttpAnswer, 'body'>): string {
  const parsed = refusalBody.safeParse(parseJson(answer.body));
  return parsed.success ? (parsed.data.error.type ?? '') : '';
}

/** Another snapshot is under way, of this index or of others. */
const BUSY: readonly string[] = ['concurrent_snapshot_execution_exception', 'snapshot_in_progress_exception'];

interface Asked {
  /** What fails when it fails, e.g. `cannot begin the snapshot`. */
  readonly what: string;
  /** Method and address. */
  readonly request: string;
  readonly user: string | null;
  readonly repository: string;
}

/** The failure that a refusal means, worded for the operator; busy and broken servers are transient, so a plain Error. */
export function refusalFailure({ what, request, user, repository }: Asked, answer: HttpAnswer): Error {
  const { status } = answer;
  const type = refusalType(answer);
  const said = wordsOf(answer);
  const fact = `${what}: ${request} answered HTTP ${status}${said === '' ? '' : ` (${said})`}`;
  if (status === 401 || status === 403) {
    return needsPerson(
      user === null
        ? `${fact}. It wants credentials: name them in the site's search of the estate`
        : `${fact}. Check the password of ${user} behind its reference, and the user's permissions for index and snapshots`,
    );
  }
  if (type === 'repository_missing_exception') {
    return needsPerson(
      `${fact}. Register the snapshot repository ${repository} at the search server, with a store that outlives the server`,
    );
  }
  if (type === 'repository_verification_exception' || type === 'repository_exception')
    return needsPerson(`${fact}. Mend the store behind the snapshot repository ${repository}`);
  if (type === 'index_not_found_exception')
    return needsPerson(`${fact}. There is no such index: correct search.index of the site in the estate`);
  if (BUSY.includes(type) || status === 429) return notYet(`${fact}: the server is busy`, 5);
  if (status >= 500) return new Error(`${fact}. It is tried again; look at the server's log if it stays`);
  return terminal(`${fact}. Retrying the same request does not help: check search of the site in the estate`);
}

function wordsOf(answer: HttpAnswer): string {
  const parsed = refusalBody.safeParse(parseJson(answer.body));
  if (!parsed.success) return errorText(answer);
  const { type, reason } = parsed.data.error;
  return [type, reason].filter(Boolean).join(': ').slice(0, 500);
}
