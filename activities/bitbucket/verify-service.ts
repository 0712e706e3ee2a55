import type { StepContext } from '../../workflows/runbook/step';
import { verifyService } from '../../workflows/steps/service';
import type { VerifyService } from '../../workflows/steps/service';
import { askStates, askViews } from '../aws/auto-scaling/node-views';
import type { Node } from '../aws/auto-scaling/node-views';
import { lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { addressOf } from '../dns/resolve';
import { terminal } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { findSecretProblems, resolveLogin } from '../secrets/login';
import { BitbucketClient } from './client';
import { cloneAndPush, findBranch, requireGit } from './git';
import { findNodes } from './nodes';
import { findGitProblems } from './smoke-test';

interface Service {
  readonly nodes: number;
  readonly version: string;
}

/** The service as users meet it: every node, the name, git through the name, search. */
export function verifyServiceImplementation(dependencies: Dependencies): StepImplementation {
  const { secrets } = dependencies;
  return implementStep<VerifyService, Service>(verifyService, {
    actions: ['autoscaling:DescribeAutoScalingGroups', 'ec2:DescribeInstances'],

    check: async (input) => ({
      state: 'needed',
      before: {},
      calls: [],
      problems: [
        ...(await findGitProblems(true)),
        ...(await findSecretProblems(secrets, [input.administrator, input.probe])),
      ],
      output: { nodes: input.count, version: '' },
    }),

    async verify(input, _output, context) {
      const administrator = await resolveLogin(secrets, input.administrator);
      const nodes = await findNodes(dependencies, input);
      if (nodes.length !== input.count) {
        throw lookAgain(
          `${nodes.length} of ${input.count} nodes of ${input.autoScalingGroup} are in service`,
          context,
        );
      }
      await requireRunning(input, nodes, context);
      const { ids, version } = await requireOneCluster(dependencies, input, nodes, context);
      const address = await addressOf(new URL(input.url).hostname, input.dns.resolvers);
      const throughName = new BitbucketClient({ baseUrl: input.url, address, credentials: administrator });
      await requireNameLeadsHere(throughName, input, ids, address, context);
      const commit = await pushThroughName(dependencies, input, address, context);
      const search = await stateOfSearch(throughName);
      return {
        output: { nodes: nodes.length, version },
        facts: { nodes: nodes.length, version, address, commit, search: search.state },
        ...(search.problem === undefined ? {} : { degraded: [`search does not answer: ${search.problem}`] }),
      };
    },
  });
}

async function requireRunning(
  input: VerifyService,
  nodes: readonly Node[],
  context: StepContext,
): Promise<void> {
  const states = await askStates(nodes, input.port);
  const empty = states.find((node) => node.state === 'FIRST_RUN');
  if (empty !== undefined) {
    throw terminal(
      `node ${empty.id} at ${empty.address} shows the set-up wizard: it sees an empty database or home. ` +
        'Keep users out and look which one it was given',
    );
  }
  const bad = states.filter((node) => node.state !== 'RUNNING');
  if (bad.length > 0)
    throw lookAgain(bad.map((node) => `node ${node.id} says ${node.state}`).join(', '), context);
}

/** Every node, asked directly, must list the same nodes and as many as there are: otherwise the cluster is split [B §14 #1]. */
async function requireOneCluster(
  { secrets }: Dependencies,
  input: VerifyService,
  nodes: readonly Node[],
  context: StepContext,
): Promise<{ readonly ids: readonly string[]; readonly version: string }> {
  const views = await askViews(secrets, nodes, input.port, input.administrator);
  const [first] = views;
  if (first === undefined) throw lookAgain('no node is in service', context);
  const one = views.every(
    (view) => view.sees.join() === first.sees.join() && view.sees.length === nodes.length,
  );
  if (!one) {
    const seen = views.map((view) => `${view.id} sees ${view.sees.length}`).join(', ');
    throw lookAgain(`the ${nodes.length} nodes do not see the same cluster: ${seen}`, context);
  }
  const versions = [...new Set(views.map((view) => view.version))];
  if (versions.length > 1) {
    throw terminal(
      `the nodes run different versions (${versions.join(', ')}): replace those of the wrong one`,
    );
  }
  return { ids: first.sees, version: first.version };
}

/** The node that answers under the public name must be one of this site's. */
async function requireNameLeadsHere(
  throughName: BitbucketClient,
  input: VerifyService,
  ids: readonly string[],
  address: string,
  context: StepContext,
): Promise<void> {
  const { state, detail } = await throughName.status();
  if (state !== 'RUNNING') throw lookAgain(`${input.url} at ${address}: ${detail}`, context);
  const { localId } = await throughName.cluster();
  if (!ids.includes(localId)) {
    throw lookAgain(
      `${input.url} at ${address} is answered by node ${localId}, which is none of this site's`,
      context,
    );
  }
}

/** Removes what it pushed: this step has no undo. A branch left by an attempt that was cut off is replaced. */
async function pushThroughName(
  { secrets }: Dependencies,
  input: VerifyService,
  address: string,
  context: StepContext,
): Promise<string> {
  await requireGit(true);
  const login = await resolveLogin(secrets, input.probe);
  const remote = { baseUrl: input.url, repository: input.repository, login, address };
  const branch = `runbooks/${context.run.runId}-service`;
  const commit = await cloneAndPush(remote, branch, `Service probe of ${context.run.workflowId}`);
  const found = await findBranch(remote, branch);
  if (found !== commit) {
    throw lookAgain(
      `the pushed commit ${commit} is not what ${input.url} shows (${found ?? 'no branch'})`,
      context,
    );
  }
  await new BitbucketClient({ baseUrl: input.url, address, credentials: login }).deleteBranch(
    input.repository,
    branch,
  );
  return commit;
}

async function stateOfSearch(
  client: BitbucketClient,
): Promise<{ readonly state: string; readonly problem?: string }> {
  try {
    return { state: await client.indexingStatus() };
  } catch (error) {
    return { state: 'unknown', problem: error instanceof Error ? error.message : String(error) };
  }
}
