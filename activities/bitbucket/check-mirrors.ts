import { checkMirrors } from '../../workflows/steps/service';
import type { CheckMirrors } from '../../workflows/steps/service';
import type { Mirror } from '../../workflows/plan/instance';
import type { Dependencies } from '../dependencies';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { findSecretProblems, resolveLogin } from '../secrets/login';
import type { MirrorServer } from './answers';
import { BitbucketClient } from './client';

/** [B §7.1, §13.1 #16] Whether the primary lists each mirror of the estate, and has it enabled. Deletes nothing. */
export function checkMirrorsImplementation({ secrets }: Dependencies): StepImplementation {
  return implementStep<
    CheckMirrors,
    { readonly mirrors: readonly { readonly name: string; readonly state: string }[] }
  >(checkMirrors, {
    actions: [],

    async check(input) {
      const needed = input.mirrors.length > 0;
      return {
        state: needed ? 'needed' : 'done',
        before: {},
        calls: [],
        problems: needed ? await findSecretProblems(secrets, [input.administrator]) : [],
        output: { mirrors: [] },
        ...(needed ? {} : { notes: ['the estate names no mirrors'] }),
      };
    },

    async verify(input) {
      if (input.mirrors.length === 0) return { output: { mirrors: [] }, facts: { mirrors: 0 } };
      const credentials = await resolveLogin(secrets, input.administrator);
      const known = await new BitbucketClient({ baseUrl: input.url, credentials }).mirrorServers();
      const mirrors = input.mirrors.map((mirror) => ({ name: mirror.name, ...stateOf(mirror, known) }));
      const bad = mirrors.filter((mirror) => mirror.state !== 'enabled');
      return {
        output: { mirrors: mirrors.map(({ name, state }) => ({ name, state })) },
        facts: Object.fromEntries(mirrors.map(({ name, state, seen }) => [name, `${state}, ${seen}`])),
        ...(bad.length === 0
          ? {}
          : { degraded: bad.map(({ name, state }) => `mirror ${name} is ${state} at ${input.url}`) }),
      };
    },
  });
}

/** A mirror is known by its name, or by its base URL where it was renamed. */
function stateOf(
  mirror: Mirror,
  known: readonly MirrorServer[],
): { readonly state: string; readonly seen: string } {
  const found =
    known.find((each) => each.name === mirror.name) ??
    known.find((each) => each.url !== null && bare(each.url) === bare(mirror.url));
  if (found === undefined) return { state: 'missing', seen: 'not listed' };
  const seen = found.lastSeenAt === null ? 'never seen' : `last seen ${found.lastSeenAt}`;
  return { state: found.enabled ? 'enabled' : 'disabled', seen };
}

function bare(url: string): string {
  return url.replace(/\/+$/, '').toLowerCase();
}
