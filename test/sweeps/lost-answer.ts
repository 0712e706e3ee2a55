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

const LOST: Fate = { name: 'lost', times: 1, aws: () => ({ kind: 'dropAfter' }), bitbucket: 'dropAfter' };

/**
 * The fates of one run each. What is refused before anything happens leaves no trace, so that two refusals in a row, of
 * which the SDK hides the first, are two cases for the price of one world.
 */
const FATES: readonly (readonly Fate[])[] = [
  // The longest first: the others fill up beside it.
  [
    {
      name: 'delayed',
      times: 1,
      aws: () => ({ kind: 'delay', seconds: DELAY_SECONDS }),
      bitbucket: 'delay',
    },
  ],
  [{ ...LOST, name: 'lost three times', times: 3 }],
  [LOST],
  [
    { name: 'error before', times: 1, aws: () => broken, bitbucket: 'error' },
    { name: 'throttled', times: 1, aws: throttled, bitbucket: 'throttle' },
  ],
  [{ name: 'malformed', times: 1, aws: () => ({ kind: 'malformed' }), bitbucket: 'malformed' }],
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

/** A target, and what happens to its answer. */
interface Case {
  readonly target: Target;
  readonly fate: Fate;
}

/**
 * For each call of an undisturbed run that changes something, and each fate of its answer: the run must end as if nothing
 * had been, and nothing may have taken effect twice. All calls meet the same fates in one run unless told otherwise.
 */
export async function sweepLostAnswers(
  settings: SweepSettings,
  clean: CleanRun,
): Promise<readonly RunResult[]> {
  const targets: readonly Target[] = [
    ...clean.calls.map((call): Target => ({ at: 'aws', name: call.name, call })),
    ...clean.requests.map((name): Target => ({ at: 'bitbucket', name })),
  ];
  const runs = FATES.flatMap((fates): readonly (readonly Case[])[] => {
    const all = targets.flatMap((target) => fates.map((fate) => ({ target, fate })));
    const chosen = all.filter((one) => nameOf(one).includes(settings.only));
    return settings.oneCasePerRun ? chosen.map((one) => [one]) : [chosen];
  }).filter((cases) => cases.length > 0);
  return pool(runs, settings.parallel, async (cases, index) => {
    const result = await orFailed(cases.map(nameOf), () => meetFates(settings, clean, cases));
    const what = [...new Set(cases.map(({ fate }) => fate.name))].join(' and ');
    settings.over(result);
    settings.say(`lostAnswer: run ${index + 1} of ${runs.length} over, ${what}, ${score(result)}`);
    return result;
  });
}

function nameOf({ target, fate }: Case): string {
  return `${target.name} ${fate.name}`;
}

function meetFates(settings: SweepSettings, clean: CleanRun, cases: readonly Case[]): Promise<RunResult> {
  return Session.within(settings, async (session) => {
    const { bench } = session;
    await session.breakWorld();
    const { mark } = bench;
    const struck = injure(session, cases);
    const run = await session.start();
    const state = await session.lead(run);
    const hits = cases.map((one) => struck(one));
    const { calls } = clean;
    const verdict = await judge(session, run, state, { mark, calls });
    const asked = state.asks.filter(({ kind }) => kind !== 'gate' && kind !== 'consent');
    const needless = asked.map(({ id, evidence }) => `asked for ${id}: ${evidence.join('; ')}`);
    return {
      cases: cases.map((one, index): CaseResult => ({
        name: nameOf(one),
        duplicates: verdict.duplicates,
        violations: [
          ...verdict.violations,
          ...needless,
          ...(hits[index] === true ? [] : [`the run never made this call, or not often enough`]),
        ],
      })),
    };
  });
}

/**
 * The fates of one target come one after the other, each as often as it says.
 * @returns whether a case has come about
 */
function injure(session: Session, cases: readonly Case[]): (one: Case) => boolean {
  const { faults } = session.bench.world.gateway;
  const file = session.bench.world.directory.run('bitbucket-faults');
  const rules = new Map<Case, { readonly id: string; readonly nth: number }>();
  const ofBitbucket: AnswerFault[] = [];
  for (const [index, one] of cases.entries()) {
    const { target, fate } = one;
    const before = cases
      .slice(0, index)
      .filter((other) => other.target === target)
      .reduce((sum, other) => sum + other.fate.times, 0);
    if (target.at === 'bitbucket') {
      const { name: request } = target;
      ofBitbucket.push({
        // Counted over all faults of the request.
        ...{ request, effect: fate.bitbucket, times: before + fate.times },
        ...(fate.bitbucket === 'delay' ? { seconds: BITBUCKET_DELAY_SECONDS } : {}),
      });
      continue;
    }
    const { region, service, action, fingerprint: wanted } = target.call;
    const where = (call: AwsCall): boolean =>
      !isLabs(call) && fingerprint({ ...call, parameters: describeCall(call) }) === wanted;
    const match = { region, service, action, where };
    const nth = before + 1;
    rules.set(one, { id: faults.add({ match, nth, times: fate.times, effect: fate.aws(target.call) }), nth });
  }
  writeFileSync(file, JSON.stringify(ofBitbucket));
  return (one) => {
    const { target, fate } = one;
    if (target.at === 'bitbucket') {
      return readAnswered(file).some(
        ({ request, fault }) => request === target.name && fault === fate.bitbucket,
      );
    }
    const rule = rules.get(one);
    return rule !== undefined && (faults.list().find(({ id }) => id === rule.id)?.seen ?? 0) >= rule.nth;
  };
}
