import { cloneRepositories } from '../../workflows/steps/verify';
import type { CloneRepositories } from '../../workflows/steps/verify';
import { attemptNumber } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { needsPerson } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { resolveLogin } from '../secrets/login';
import { cloneAndCheck } from './git';

/** Seconds for one clone of the newest commit. */
const CLONE_SECONDS = 240;
/** A clone that fails for an unknown reason is tried so often: what it says then is the answer. */
const TRIES = 3;

/** What users would do first. By the administrator, who may read all of them. */
export function cloneRepositoriesImplementation({ secrets }: Dependencies): StepImplementation {
  return implementStep<CloneRepositories, { readonly cloned: number }>(cloneRepositories, {
    actions: [],

    check: async () => ({
      state: 'needed',
      before: {},
      calls: [],
      problems: [],
      output: { cloned: 0 },
    }),

    async verify({ url, administrator, repositories }) {
      const login = await resolveLogin(secrets, administrator);
      const slow: string[] = [];
      for (const { project, slug } of repositories) {
        const remote = { baseUrl: url, repository: { project, slug }, login, seconds: CLONE_SECONDS };
        try {
          if ((await cloneAndCheck(remote)) === 'slow') slow.push(`${project}/${slug}`);
        } catch (error) {
          if (attemptNumber() < TRIES) throw error;
          throw needsPerson(error instanceof Error ? error.message : String(error), error);
        }
      }
      const cloned = repositories.length - slow.length;
      return {
        output: { cloned },
        facts: { cloned, tooLarge: slow.join(', ') },
        ...(slow.length === 0
          ? {}
          : { degraded: [`repositories too large to clone in time: ${slow.join(', ')}`] }),
      };
    },
  });
}
