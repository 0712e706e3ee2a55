import { patched } from '@temporalio/workflow';
import { describeProduct } from '../plan/backup/describe-product';
import type { Manifest } from '../plan/backup/manifest';
import type { DrillSite, Instance } from '../plan/instance';
import { nodeUrls } from '../plan/node-urls';
import type { Settings } from '../plan/settings';
import { failedCheck, unfinishedCheck, unreadCheck } from '../plan/verify/verdict';
import type { TrialCheck } from '../plan/verify/verdict';
import type { Run } from '../runbook/run';
import type { RunningNodes } from '../steps/nodes';
import { compareWithBackup } from '../steps/restore';
import { checkRepositories, cloneRepositories, compareRows } from '../steps/verify';
import type { ComparedRows, SampledRepository } from '../steps/verify';
import { testFirstNode } from './start-nodes';

/** Runs of an earlier version took a check that had read nothing for one that had passed. */
const UNREAD_IS_TOLD = 'trial-tells-what-was-not-read';

type AnyRun<Input> = Run<Input, Instance, Settings>;

interface Proof {
  readonly drill: DrillSite;
  readonly manifest: Manifest;
  readonly first: RunningNodes;
  /** Chooses the sample. */
  readonly seed: string;
}

/**
 * Everything that a restored copy must show. Each check is tried by itself, so that one that fails hides no other, and one
 * that could not be carried out is told apart from one that has found something; the results are told as they come, for the time may be over before the last.
 */
export async function proveCopy<Input>(
  run: AnyRun<Input>,
  proof: Proof,
  told: (check: TrialCheck) => void,
): Promise<void> {
  const { drill, manifest, first } = proof;
  const { region, fileServer } = drill;
  const { administrator } = run.subject.credentials;
  const urls = nodeUrls(drill, first.nodes);
  const check = async (name: string, work: (tried: AnyRun<Input>) => Promise<string>): Promise<void> => {
    const tried = await run.attempt(work);
    told(tried.done ? { name, passed: true, detail: tried.value } : failedCheck(name, tried.why));
  };
  /** Of some repositories. Where none was to be had, or none was read, that is told as well. */
  const read = async (
    name: string,
    { wanted, rows }: { readonly wanted: readonly SampledRepository[]; readonly rows: number },
    work: (tried: AnyRun<Input>) => Promise<number>,
  ): Promise<void> => {
    if (wanted.length === 0 && run.pass !== 'plan') {
      if (rows > 0 && patched(UNREAD_IS_TOLD)) told(unreadCheck(name, rows));
      return;
    }
    const tried = await run.attempt(work);
    if (!tried.done) told(failedCheck(name, tried.why));
    else if (tried.value === 0 && run.pass !== 'plan' && patched(UNREAD_IS_TOLD))
      told(unfinishedCheck(name, wanted.length));
    else told({ name, passed: true, detail: `${tried.value} repositories` });
  };

  await check('compareWithBackup', async (tried) => {
    const found = await tried.step(compareWithBackup, {
      nodes: urls,
      administrator,
      expected: manifest.product,
      fewerAreTold: true,
    });
    return `Bitbucket ${describeProduct(found)}`;
  });
  const { sample, repositories: rows } = await compareWithRows(run, proof, told);
  await read('checkRepositories', { wanted: sample, rows }, async (tried) => {
    const { checked } = await tried.step(checkRepositories, { region, fileServer, repositories: sample });
    return checked;
  });
  await check('smokeTest', async (tried) => {
    const { commit } = await testFirstNode(tried, drill, first, { discarded: true });
    return `signed in, cloned and pushed ${commit.slice(0, 12)}`;
  });
  const { clones } = run.policy.verify;
  const some = sample.slice(0, clones);
  await read('cloneRepositories', { wanted: some, rows: clones === 0 ? 0 : rows }, async (tried) => {
    const input = { url: urls[0] ?? '', administrator, repositories: some };
    return (await tried.step(cloneRepositories, input)).cloned;
  });
}

/** What is missing is a result as well: the sample is wanted all the same. */
async function compareWithRows<Input>(
  run: AnyRun<Input>,
  { drill, manifest, seed }: Proof,
  told: (check: TrialCheck) => void,
): Promise<Pick<ComparedRows, 'sample' | 'repositories'>> {
  const tried = await run.attempt((attempted) =>
    attempted.step(compareRows, {
      ...{ region: drill.region, databaseId: drill.database.id, fileServer: drill.fileServer },
      databaseName: run.subject.databaseName,
      credentials: run.subject.credentials.database,
      capturedAt: manifest.capturedAt,
      ...{ sample: run.policy.verify.sample, seed },
    }),
  );
  const name = 'compareRows';
  if (!tried.done) {
    told(failedCheck(name, tried.why));
    return { sample: [], repositories: 0 };
  }
  const { repositories, refs, missing, sample } = tried.value;
  const detail = `${repositories} repositories and ${refs} refs compared`;
  told({
    name,
    passed: missing.length === 0,
    detail: missing.length === 0 ? detail : `${detail}: ${missing.join('; ')}`,
  });
  return { sample, repositories };
}
