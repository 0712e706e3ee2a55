import type { Problem, StepContext } from '../../workflows/runbook/step';
import { isLater } from '../../workflows/runbook/later';
import { smokeTest } from '../../workflows/steps/service';
import type { SmokeTest, SmokeTested } from '../../workflows/steps/service';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { needsPerson, terminal } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { findSecretProblems, resolveLogin } from '../secrets/login';
import { BitbucketClient } from './client';
import { cloneAndPush, findBranch, requireGit } from './git';
import type { GitRemote } from './git';

/** [B §13.1 #12] Sign-in as administrator and as probe user, clone, and a push of one branch that is named after the run. */
export function smokeTestImplementation({ secrets }: Dependencies): StepImplementation {
  const remoteOf = async (input: SmokeTest): Promise<GitRemote> => ({
    baseUrl: input.url,
    repository: input.repository,
    login: await resolveLogin(secrets, input.probe),
  });
  return implementStep<SmokeTest, SmokeTested>(smokeTest, {
    actions: [],

    async check(input, context) {
      const branch = branchOf(context);
      const target = `${input.repository.project}/${input.repository.slug}`;
      return {
        state: 'needed',
        before: {},
        calls: [{ service: 'bitbucket', action: 'git push', target, parameters: { branch } }],
        problems: [
          ...(await findGitProblems(false)),
          ...(await findSecretProblems(secrets, [input.administrator, input.probe])),
        ],
        output: { commit: '', version: '' },
        undo: input.discarded === true ? 'goes with the copy' : `delete the branch ${branch} of ${target}`,
        notes: await stateNow(input),
      };
    },

    async run(input, context) {
      const administrator = await resolveLogin(secrets, input.administrator);
      const remote = await remoteOf(input);
      const asAdministrator = new BitbucketClient({ baseUrl: input.url, credentials: administrator });
      const { state, detail } = await asAdministrator.status();
      if (state === 'FIRST_RUN')
        throw terminal(`${input.url} shows the set-up wizard: it sees an empty database or home`);
      if (state !== 'RUNNING') throw lookAgain(`${input.url}: ${detail}`, context);
      // The list of nodes is for system administrators only, so it proves the permission as well.
      await asAdministrator.cluster();
      await new BitbucketClient({ baseUrl: input.url, credentials: remote.login }).projects();
      const { version } = await asAdministrator.applicationProperties();
      const branch = branchOf(context);
      const found = await findBranch(remote, branch);
      // The branch of this very run: an earlier attempt pushed it and its answer was lost.
      if (found !== null) return { commit: found, version };
      const message = `Probe of ${context.run.workflowId}`;
      return { commit: await cloneAndPush(remote, branch, message), version };
    },

    async verify(input, output, context) {
      const branch = branchOf(context);
      const found = await findBranch(await remoteOf(input), branch);
      if (output === undefined || found !== output.commit) {
        throw needsPerson(
          `the branch ${branch} is at ${found ?? 'nothing'} after the push of ${output?.commit ?? 'nothing'}: ` +
            'a push that was accepted is gone. Do not let users in before this is understood',
        );
      }
      return { output, facts: { branch, commit: found, version: output.version } };
    },

    async undo(input, _former, context) {
      const branch = branchOf(context);
      // The node may not answer any more, and nobody is to be asked about that.
      if (input.discarded === true) return { changed: false, facts: { branch } };
      const { login: credentials } = await remoteOf(input);
      const client = new BitbucketClient({ baseUrl: input.url, credentials });
      return { changed: await client.deleteBranch(input.repository, branch), facts: { branch } };
    },
  });
}

export async function findGitProblems(withAddress: boolean): Promise<readonly Problem[]> {
  try {
    await requireGit(withAddress);
    return [];
  } catch (error) {
    return [
      {
        code: 'gitMissing',
        message: error instanceof Error ? error.message : String(error),
        remedy:
          'Install git 2.37 or newer on every worker. Or consent: the steps that clone and push will ask; see for ' +
          'yourself, and skip them.',
        consent: 'unprovenService',
      },
    ];
  }
}

function branchOf(context: StepContext): string {
  return `runbooks/${context.run.runId}`;
}

/** While the plan is made the site usually does not run yet: worth telling, no problem. */
async function stateNow({ url }: SmokeTest): Promise<readonly string[]> {
  if (isLater(url) || !URL.canParse(url)) return [];
  const { detail } = await new BitbucketClient({ baseUrl: url, timeoutSeconds: 3 }).status();
  return [`${url} now: ${detail}`];
}
