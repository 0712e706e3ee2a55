import { writeFileSync } from 'node:fs';
import type { AnswerEffect, AnswerFault } from '../../lab/bitbucket/answer-faults';
import { readAnswered } from '../../lab/bitbucket/answer-faults';
import type { FaultEffect } from '../../lab/gateway/faults';
import { describeCall, isLabs } from '../../lab/gateway/ledger';
import type { AwsCall } from '../../lab/gateway/overlay';
import { fingerprint } from './calls';
import type { KnownCall } from './calls';
import type { CleanRun } from './clean-run';
import { judge } from './oracle';
import { pool } from './pool';
import { orFailed, score } from './results';
import type { CaseResult, RunResult } from './results';
import { Session } from './session';
import type { SweepSettings } from './session';

/** What happens to an answer, and how often. */
interface Fate {
  readonly name: string;
  readonly times: number;
  readonly aws: (call: KnownCall) => FaultEffect;
  readonly bitbucket: AnswerEffect;
}

/** The worker of the lab gives an AWS request 3 s where a real one gives 10: a minute's delay becomes 18 s. */
const DELAY_SECONDS = 18;
/** Longer than the 10 s that a request to Bitbucket is given. */
const BITBUCKET_DELAY_SECONDS = 12;

const FATES: readonly Fate[] = [
  { name: 'lost', times: 1, aws: () => ({ kind: 'dropAfter' }), bitbucket: 'dropAfter' },
  { name: 'lost three times', times: 3, aws: () => ({ kind: 'dropAfter' }), bitbucket: 'dropAfter' },
  { name: 'error before', times: 1, aws: () => broken, bitbucket: 'error' },
  { name: 'throttled', times: 1, aws: throttled, bitbucket: 'throttle' },
  {
    name: 'delayed',
    times: 1,
    aws: () => ({ kind: 'delay', seconds: DELAY_SECONDS }),
    bitbucket: 'delay',
  },
  { name: 'malformed', times: 1, aws: () => ({ kind: 'malformed' }), bitbucket: 'malformed' },
];

const broken: FaultEffect = { kind: 'error', code: 'InternalFailure', status: 500 };

function throttled({ service }: KnownCall): FaultEffect {
  return service === 'ec2'
    ? { kind: 'error', code: 'RequestLimitExceeded', status: 503 }
    : { kind: 'error', code: service === 'ssm' ? 'ThrottlingException' : 'Throttling', status: 400 };
}

/** A call of the run, at AWS or at a Bitbucket. */
type Target =
  | { readonly at: 'aws'; readonly name: string; readonly call: KnownCall }
  | { readonly at: 'bitbucket'; readonly name: string };

/**
 * For each call of an undisturbed run that changes something, and each fate of its answer: the run must end as if nothing
 * had been, and nothing may have taken effect twice. All calls meet the same fate in one run unless told otherwise.
 */
export async function sweepLostAnswers(
  settings: SweepSettings,
  clean: CleanRun,
): Promise<readonly RunResult[]> {
  const targets: readonly Target[] = [
    ...clean.calls.map((call): Target => ({ at: 'aws', name: call.name, call })),
    ...clean.requests.map((name): Target => ({ at: 'bitbucket', name })),
  ];
  const groups = settings.oneCasePerRun ? targets.map((target) => [target]) : [targets];
  const runs = FATES.flatMap((fate) =>
    groups.map((all) => {
      const group = all.filter((target) => nameOf(target, fate).includes(settings.only));
      return { fate, group };
    }),
  ).filter(({ group }) => group.length > 0);
  return pool(runs, settings.parallel, async ({ fate, group }, index) => {
    const names = group.map((target) => nameOf(target, fate));
    const result = await orFailed(names, () => meetFate(settings, clean, fate, group));
    settings.say(`lostAnswer: run ${index + 1} of ${runs.length} over, ${fate.name}, ${score(result)}`);
    return result;
  });
}

function nameOf(target: Target, fate: Fate): string {
  return `${target.name} ${fate.name}`;
}

function meetFate(
  settings: SweepSettings,
  clean: CleanRun,
  fate: Fate,
  targets: readonly Target[],
): Promise<RunResult> {
  return Session.within(settings, async (session) => {
    const { bench, runbook } = session;
    await session.breakWorld();
    const { mark } = bench;
    const struck = injure(session, fate, targets);
    const run = await session.start();
    const state = await session.lead(run);
    const hits = targets.map((target) => struck(target));
    const { calls } = clean;
    const verdict = await judge(session, run, state, { outcomes: runbook.completed, mark, calls });
    const asked = state.asks.filter(({ kind }) => kind !== 'gate' && kind !== 'consent');
    const needless = asked.map(({ id, evidence }) => `asked for ${id}: ${evidence.join('; ')}`);
    const cases = targets.map((target, index): CaseResult => ({
      name: nameOf(target, fate),
      duplicates: verdict.duplicates,
      violations: [
        ...verdict.violations,
        ...needless,
        ...(hits[index] === true ? [] : [`the run never made this call`]),
      ],
    }));
    return { cases };
  });
}

/** @returns whether the fate has come upon a target */
function injure(session: Session, fate: Fate, targets: readonly Target[]): (target: Target) => boolean {
  const { faults } = session.bench.world.gateway;
  const rules = new Map<Target, string>();
  const file = session.bench.world.directory.run('bitbucket-faults');
  const ofBitbucket: AnswerFault[] = [];
  for (const target of targets) {
    if (target.at === 'bitbucket') {
      const { name: request } = target;
      ofBitbucket.push({
        ...{ request, effect: fate.bitbucket, times: fate.times },
        ...(fate.bitbucket === 'delay' ? { seconds: BITBUCKET_DELAY_SECONDS } : {}),
      });
      continue;
    }
    const { region, service, action, fingerprint: wanted } = target.call;
    const where = (call: AwsCall): boolean =>
      !isLabs(call) && fingerprint({ ...call, parameters: describeCall(call) }) === wanted;
    const match = { region, service, action, where };
    rules.set(target, faults.add({ match, times: fate.times, effect: fate.aws(target.call) }));
  }
  writeFileSync(file, JSON.stringify(ofBitbucket));
  return (target) => {
    if (target.at === 'bitbucket')
      return readAnswered(file).some(({ request, fault }) => request === target.name && fault !== null);
    return (faults.list().find(({ id }) => id === rules.get(target))?.seen ?? 0) > 0;
  };
}
