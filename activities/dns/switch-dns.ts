import { ChangeResourceRecordSetsCommand, GetChangeCommand } from '@aws-sdk/client-route-53';
import { isLater } from '../../workflows/runbook/later';
import type { PlannedCall, Problem } from '../../workflows/runbook/step';
import { switchDns } from '../../workflows/steps/service';
import type { SwitchDns } from '../../workflows/steps/service';
import { askAws } from '../aws/errors';
import { isUnreachable } from '../aws/observe';
import { elapsedSeconds, lookAgain } from '../aws/pace';
import type { Dependencies } from '../dependencies';
import { needsPeople, terminal } from '../errors';
import { implementStep } from '../implement';
import type { StepImplementation } from '../implement';
import { pause } from '../hosts/pause';
import { readRecord } from './record';
import type { RecordFacts } from './record';
import { bareName, resolveName } from './resolve';
import type { ResolverAnswer } from './resolve';

interface Switched {
  readonly previous: string | null;
  readonly resolvers: number;
}

/** Above it, clients stay on the lost site for minutes [B §13.1]. */
const LOW_TTL_SECONDS = 60;
/** How long one attempt of `run` waits for INSYNC; it usually takes less than 60 s [A §7]. */
const INSYNC_SECONDS = 20;

/** [B §13.1 #13] UPSERT of the CNAME, INSYNC, and every resolver of the estate on the new target. */
export function switchDnsImplementation(dependencies: Dependencies): StepImplementation {
  const { aws } = dependencies;
  return implementStep<SwitchDns, Switched>(switchDns, {
    actions: ['route53:ListResourceRecordSets', 'route53:ChangeResourceRecordSets', 'route53:GetChange'],

    async check(input) {
      const { dns } = input;
      const [found, answers] = await Promise.all([
        zoneOf(dependencies, input),
        resolveName(dns.name, dns.resolvers),
      ]);
      const record = found.record;
      const done = record !== undefined && isThere(record, input);
      return {
        state: done ? 'done' : 'needed',
        before: {
          target: record?.target ?? null,
          ttlSeconds: record?.ttlSeconds ?? null,
          resolvers: answers.map(describe).join('; '),
        },
        calls: done ? [] : [callOf(input)],
        problems: found.problems,
        output: { previous: record?.target ?? null, resolvers: answers.length },
        material: { target: record?.target ?? null },
        notes: notesOn(input, record, answers),
      };
    },

    async run(input, context) {
      const record = await readRecord(aws, input.dns);
      if (record === undefined) throw terminal(zoneMissing(input).message);
      const problems = recordProblems(input, record);
      if (problems[0] !== undefined) throw terminal(`${problems[0].message}. ${problems[0].remedy}`);
      // Sent even if the record stands already, for then it is an earlier attempt's: an equal UPSERT changes nothing and
      // brings the id of a change to wait for. Changes are applied in order, so its INSYNC proves the first one's.
      const changeId = await upsert(dependencies, input, `runbooks ${context.run.workflowId}`.slice(0, 256));
      const status = await waitForSync(dependencies, changeId);
      if (status !== 'INSYNC') {
        throw lookAgain(
          `change ${changeId} of ${input.dns.name} is ${status} at Route 53's servers`,
          context,
        );
      }
      const previous = record.target === bareName(input.target) ? null : record.target;
      return { previous, resolvers: input.dns.resolvers.length || 1 };
    },

    async verify(input, output, context) {
      const { dns } = input;
      const record = await readRecord(aws, dns);
      if (record === undefined || !isThere(record, input)) {
        throw terminal(
          `${dns.name} points to ${record?.target ?? 'nothing'} (TTL ${record?.ttlSeconds ?? '-'}) in zone ${dns.zoneId}, ` +
            `not to ${input.target}: something else changed it. Find out what, then retry`,
        );
      }
      const answers = await resolveName(dns.name, dns.resolvers);
      const late = answers.filter((answer) => answer.cname !== bareName(input.target));
      const patience = 2 * dns.ttlSeconds;
      if (late.length > 0 && (late.length === answers.length || elapsedSeconds() < patience)) {
        throw lookAgain(
          `${answers.length - late.length} of ${answers.length} resolvers follow; ${late.map(describe).join('; ')}`,
          context,
        );
      }
      return {
        output: { previous: output?.previous ?? null, resolvers: answers.length - late.length },
        facts: {
          target: record.target,
          ttlSeconds: record.ttlSeconds,
          resolvers: answers.map(describe).join('; '),
        },
        ...(late.length === 0
          ? {}
          : { degraded: late.map((answer) => `after twice the TTL (${patience} s) ${describe(answer)}`) }),
      };
    },
  });
}

async function zoneOf(
  { aws }: Dependencies,
  input: SwitchDns,
): Promise<{ readonly record?: RecordFacts; readonly problems: readonly Problem[] }> {
  try {
    const record = await readRecord(aws, input.dns);
    if (record === undefined) return { problems: [zoneMissing(input)] };
    return { record, problems: recordProblems(input, record) };
  } catch (error) {
    if (!isUnreachable(error) && !needsPeople(error)) throw error;
    return { problems: [zoneUnreadable(input, error)] };
  }
}

/** Everything before this step works without DNS, and a name can be moved by hand. */
const BY_HAND = 'Or consent, and move the name by hand when the step fails; then skip it.';

function zoneUnreadable({ dns }: SwitchDns, error: unknown): Problem {
  return {
    code: 'dnsZoneUnreachable',
    message: `Route 53 does not tell about zone ${dns.zoneId}: ${error instanceof Error ? error.message : String(error)}`,
    remedy: `Check the worker's way to Route 53 (its control plane is in us-east-1) and its permissions. ${BY_HAND}`,
    consent: 'dnsByHand',
  };
}

function zoneMissing({ dns }: SwitchDns): Problem {
  return {
    code: 'dnsZoneMissing',
    message: `There is no hosted zone ${dns.zoneId} in this account`,
    remedy: `Correct dns.zoneId in the estate; the worker may be using another account. ${BY_HAND}`,
    consent: 'dnsByHand',
  };
}

function recordProblems({ dns }: SwitchDns, record: RecordFacts): readonly Problem[] {
  const problems: Problem[] = [];
  if (record.others.length > 0) {
    problems.push({
      code: 'dnsRecordOfAnotherType',
      message: `${dns.name} has a record of type ${record.others.join(', ')}; a CNAME cannot stand beside it`,
      remedy: `Replace it by a CNAME with a TTL of ${dns.ttlSeconds} s. ${BY_HAND}`,
      consent: 'dnsByHand',
    });
  }
  if (record.routed.length > 0) {
    problems.push({
      code: 'dnsRecordIsRouted',
      message: `${dns.name} has a routing policy (records ${record.routed.join(', ')})`,
      remedy: `Replace these records by one plain CNAME. ${BY_HAND}`,
      consent: 'dnsByHand',
    });
  }
  return problems;
}

function notesOn(
  input: SwitchDns,
  record: RecordFacts | undefined,
  answers: readonly ResolverAnswer[],
): readonly string[] {
  const { dns } = input;
  const ttl = record?.ttlSeconds ?? null;
  const silent = answers.filter((answer) => answer.failure !== null && answer.cname === null);
  return [
    ...(ttl !== null && ttl > LOW_TTL_SECONDS
      ? [
          `the record's TTL is ${ttl} s: clients may stay on the old site for that long; lower it ahead of time`,
        ]
      : []),
    ...(dns.ttlSeconds > LOW_TTL_SECONDS
      ? [`the estate's TTL is ${dns.ttlSeconds} s, above ${LOW_TTL_SECONDS} s`]
      : []),
    ...(record !== undefined && record.target === null && record.others.length === 0
      ? [`${dns.name} has no record yet`]
      : []),
    ...silent.map(describe),
  ];
}

function callOf({ dns, target }: SwitchDns): PlannedCall {
  return {
    service: 'route53',
    action: 'ChangeResourceRecordSets',
    target: dns.name,
    parameters: {
      Action: 'UPSERT',
      Type: 'CNAME',
      Value: target,
      TTL: dns.ttlSeconds,
      HostedZoneId: dns.zoneId,
    },
  };
}

function isThere(record: RecordFacts, { dns, target }: SwitchDns): boolean {
  return !isLater(target) && record.target === bareName(target) && record.ttlSeconds === dns.ttlSeconds;
}

async function upsert({ aws }: Dependencies, { dns, target }: SwitchDns, comment: string): Promise<string> {
  const set = {
    Name: dns.name,
    Type: 'CNAME' as const,
    TTL: dns.ttlSeconds,
    ResourceRecords: [{ Value: target }],
  };
  const reply = await askAws({ doing: 'point', resource: `${dns.name} to ${target}` }, () =>
    aws.route53().send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: dns.zoneId,
        ChangeBatch: { Comment: comment, Changes: [{ Action: 'UPSERT', ResourceRecordSet: set }] },
      }),
    ),
  );
  const id = reply.ChangeInfo?.Id;
  if (id === undefined) throw new Error(`Route 53 took the change of ${dns.name} without giving it an id`);
  return id.replace(/^\/change\//, '');
}

async function waitForSync({ aws }: Dependencies, changeId: string): Promise<string> {
  for (const deadline = Date.now() + INSYNC_SECONDS * 1000; ;) {
    const reply = await askAws({ doing: 'follow', resource: `DNS change ${changeId}` }, () =>
      aws.route53().send(new GetChangeCommand({ Id: changeId })),
    );
    const status = reply.ChangeInfo?.Status ?? 'PENDING';
    if (status === 'INSYNC' || Date.now() > deadline) return status;
    await pause(1);
  }
}

function describe(answer: ResolverAnswer): string {
  const says = answer.cname ?? (answer.addresses.join(', ') || `no answer (${answer.failure ?? 'empty'})`);
  return `${answer.resolver} says ${says}`;
}
