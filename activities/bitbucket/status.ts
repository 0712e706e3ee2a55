import { statusBody } from './answers';
import { NoAnswer } from './http';
import type { HttpAnswer } from './http';
import { errorText, parseJson } from './http-failure';

export interface NodeStatus {
  /** By the body: RUNNING, STARTING, …; `none` without an answer, `other` for one that is not Bitbucket's. */
  readonly state: string;
  readonly httpStatus: number | null;
  /** What came, in a few words. */
  readonly detail: string;
}

/**
 * Reads `/status` [B §2.1]: FIRST_RUN and MAINTENANCE come with HTTP 200 as well, and so does a proxy's page. RUNNING
 * counts only together with HTTP 200, since no Bitbucket says it otherwise.
 */
export async function readStatus(ask: () => Promise<HttpAnswer>): Promise<NodeStatus> {
  try {
    const answer = await ask();
    const body = statusBody.safeParse(parseJson(answer.body));
    if (!body.success) {
      const text = errorText(answer);
      return other(
        answer,
        text === '' ? 'an empty answer: the web application did not deploy' : `not Bitbucket's: ${text}`,
      );
    }
    const { state } = body.data;
    if (state === 'RUNNING' && answer.status !== 200)
      return other(answer, 'says RUNNING, but not with HTTP 200');
    return { state, httpStatus: answer.status, detail: `${state} (HTTP ${answer.status})` };
  } catch (error) {
    if (error instanceof NoAnswer) return { state: 'none', httpStatus: null, detail: error.message };
    throw error;
  }
}

/** Whether users are served, or deliberately kept out; anything else is a bad probe. */
export function isGoodState(state: string): boolean {
  return state === 'RUNNING' || state === 'MAINTENANCE';
}

function other(answer: HttpAnswer, detail: string): NodeStatus {
  return { state: 'other', httpStatus: answer.status, detail: `${detail} (HTTP ${answer.status})` };
}
