import { checkRepositories } from '../../workflows/steps/verify';
import type { CheckRepositories } from '../../workflows/steps/verify';
import type { Dependencies } from '../dependencies';
import { needsPerson } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { look, repositoryParameters, searchSeconds } from './file-server';
import { HOST_COMMAND_ACTIONS } from './run-command';

/** Seconds for all repositories together, and for one of them at most. */
const ALL_SECONDS = 3000;
const ONE_SECONDS = 300;

/** A full check on the file server: what was not read may be torn without anybody knowing. */
export function checkRepositoriesImplementation({ aws }: Dependencies): StepImplementation {
  return implementStep<CheckRepositories, { readonly checked: number }>(checkRepositories, {
    actions: HOST_COMMAND_ACTIONS,

    check: async () => ({
      state: 'needed',
      before: {},
      calls: [],
      problems: [],
      output: { checked: 0 },
    }),

    async verify(input) {
      const { repositories, fileServer } = input;
      const seconds = Math.min(ONE_SECONDS, Math.floor(ALL_SECONDS / Math.max(1, repositories.length)));
      const broken: string[] = [];
      const slow: string[] = [];
      for (const { id, project, slug } of repositories) {
        const name = `${project}/${slug} (${id})`;
        const parameters = {
          ...repositoryParameters(fileServer),
          ID: String(id),
          GIT_SECONDS: String(seconds),
        };
        const limit = seconds + 60 + searchSeconds(fileServer);
        const { facts } = await look(aws, input, 'check-repository', parameters, limit);
        if (facts.state === 'slow') slow.push(name);
        else if (facts.state !== 'ok') broken.push(`${name}: ${facts.faults ?? facts.state ?? 'no answer'}`);
      }
      if (broken.length > 0) {
        throw needsPerson(
          `git finds ${broken.length} of ${repositories.length} repositories broken: ${broken.join('; ').trim()}`,
        );
      }
      const checked = repositories.length - slow.length;
      return {
        output: { checked },
        facts: { checked, broken: 0, tooLarge: slow.join(', ') },
        ...(slow.length === 0
          ? {}
          : { degraded: [`repositories too large to check in time: ${slow.join(', ')}`] }),
      };
    },
  });
}
