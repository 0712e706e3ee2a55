import { AwsFault } from '../gateway/overlay';
import type { AwsCall, AwsReply, Handler } from '../gateway/overlay';
import { parameter } from '../gateway/parameters';

interface Seen {
  readonly request: string;
  readonly reply: Promise<AwsReply>;
}

/** Client tokens of EC2: the same token answers with the same resource [A §6, gap E8]. */
export class ClientTokens {
  private readonly seen = new Map<string, Seen>();

  /**
   * Wraps a creating operation. Calls that fail do not use up their token.
   * @param isGone whether what an earlier call made does not exist any more; the token is then of no use
   */
  once(handler: Handler, isGone: (reply: AwsReply) => boolean = () => false): Handler {
    return async (call, forward) => {
      const token = parameter(call.parameters, 'ClientToken');
      if (token === undefined || token === '') return handler(call, forward);
      const key = [call.account, call.region, call.action, token].join('/');
      const request = JSON.stringify(Object.entries(call.parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
      const earlier = this.seen.get(key);
      if (earlier !== undefined) {
        if (earlier.request !== request) throw mismatch(call);
        const known = await earlier.reply;
        if (isGone(known)) throw spent();
        return known;
      }
      const reply = handler(call, forward);
      this.seen.set(key, { request, reply });
      try {
        const answer = await reply;
        if (answer.status >= 400) this.seen.delete(key);
        return answer;
      } catch (error) {
        this.seen.delete(key);
        throw error;
      }
    };
  }
}

function mismatch(call: AwsCall): AwsFault {
  return new AwsFault(
    'IdempotentParameterMismatch',
    `The client token was used before for a ${call.action} with other parameters.`,
  );
}

function spent(): AwsFault {
  return new AwsFault(
    'IdempotentParameterMismatch',
    'The client token you have provided is associated with a resource that is already deleted. ' +
      'Please use a different client token.',
  );
}
