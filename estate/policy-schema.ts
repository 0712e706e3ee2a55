import { z } from 'zod';
import { duration } from './duration';
import { nearest } from './nearest';
import { parseSecretReference, REFERENCE_HELP } from './secrets';
import { deadlinesOf, expectedOf, step } from './step-schema';

const word = z.string().min(1);

const identity = z
  .literal(['stated', 'signed'])
  .describe(
    'stated: a decision names its actor. signed: it carries a proof made with the key of that person.',
  );

const escalation = z
  .strictObject({
    after: duration.describe('A question that waits for so long is passed on.'),
    roles: z.array(word).min(1, 'name at least one role').describe('Told then, and may decide as well.'),
  })
  .describe('The second group.');

const approval = z
  .strictObject({
    approvals: z.int().min(1).prefault(1).describe('How many different people; the starter does not count.'),
    roles: z
      .array(word)
      .describe('Each of them has one of these roles; empty means anybody listed under people.'),
    timeout: duration.prefault('30m').describe('Not answered in this time means denied.'),
    identity: identity.prefault('stated'),
    escalate: escalation.optional(),
    approvalLifetime: duration
      .prefault('4h')
      .describe('An approval older than this, with nothing done under it meanwhile, is asked for again.'),
  })
  .describe('People who must agree.');

const gate = z.union([z.literal('auto'), approval], {
  error: 'write auto, or { approvals, roles, timeout, identity, escalate, approvalLifetime }',
});

const lastAnswer = z.literal(['ask', 'abort', 'degrade']);

const failure = z.union(
  [lastAnswer, z.strictObject({ retry: z.int().min(1), then: lastAnswer.optional() })],
  { error: 'write ask, abort, degrade, or { retry: <times>, then: <one of these> }' },
);

/** Gates of the runbooks, with what holds when the estate says nothing. Other gates may be added by name. */
export const GATE_DEFAULTS = {
  failover: { approvals: 2, roles: ['operator', 'manager'], timeout: '30m' },
  drift: { approvals: 1, roles: ['operator', 'manager'] },
  preempt: { approvals: 1, roles: ['operator', 'manager'] },
  // Consented to already, with the failover that could not prove its fence.
  fenceLostSite: 'auto' as const,
  // Takes nothing away, and has to run at night.
  backup: 'auto' as const,
  // Touches throw-away copies only, at night.
  verifyBackup: 'auto' as const,
  // One `backup` for each, with its own gate.
  backupFleet: 'auto' as const,
  // Nothing brings back what they take away: two have to agree, by day.
  pruneBackups: { approvals: 2, roles: ['operator', 'manager'] },
  removeOrphans: { approvals: 2, roles: ['operator', 'manager'] },
  // Takes away what was written since the backup.
  restore: { approvals: 2, roles: ['operator', 'manager'] },
  // Takes nothing away, but lets people at a copy of everything.
  restoreBeside: { approvals: 1, roles: ['operator', 'manager'] },
  // What may lose data or end with two writers is for those who answer for the service.
  primaryAlive: { approvals: 1, roles: ['manager'] },
  dataLoss: { approvals: 1, roles: ['manager'] },
  unprovenFence: { approvals: 1, roles: ['manager'] },
  blindPromotion: { approvals: 1, roles: ['manager'] },
  unprovenService: { approvals: 1, roles: ['manager'] },
  uncheckedRestore: { approvals: 1, roles: ['manager'] },
  unknownMesh: { approvals: 1, roles: ['operator', 'manager'] },
  // What somebody has to do by hand is for those who do it.
  dnsByHand: { approvals: 1, roles: ['operator', 'manager'] },
  handMount: { approvals: 1, roles: ['operator', 'manager'] },
  propertiesByHand: { approvals: 1, roles: ['operator', 'manager'] },
  missingSettings: { approvals: 1, roles: ['operator', 'manager'] },
};

/**
 * What becomes of a run when one of these steps has failed, unless the estate says otherwise: nobody is to be woken for a
 * backup. Up to the manifest it stops, because users may be locked out and the next backup is soon; a copy that fails is
 * left out, because a question would keep the next backups waiting. A vault's permission that cannot be taken back is
 * asked about: nobody else would notice.
 */
export const FAILURE_DEFAULTS = {
  awaitDatabase: 'abort',
  lockBitbucket: 'abort',
  drainBitbucket: 'abort',
  captureVolumes: 'abort',
  captureDatabase: 'abort',
  unlockBitbucket: { retry: 2, then: 'abort' },
  completeBackup: 'abort',
  writeManifest: { retry: 2, then: 'abort' },
  shareBackup: 'degrade',
  copyBackup: 'degrade',
  lockSnapshots: 'degrade',
  recordCopy: 'degrade',
} as const;

const GATE_MEANING: Readonly<Record<keyof typeof GATE_DEFAULTS, string>> = {
  failover: 'Move the service to the other site.',
  drift: 'The world differs from the approved plan.',
  preempt: 'An emergency asks the run that holds the instance to let go.',
  backup: 'Take a backup.',
  verifyBackup: 'Try a backup at the drill site.',
  backupFleet: 'Take a backup of many instances.',
  pruneBackups: 'Delete the backups that the policy does not keep.',
  restore: 'Replace home and database by a backup.',
  restoreBeside: 'Bring up a backup beside the service, for people to look into.',
  removeOrphans: 'Delete snapshots that belong to no backup.',
  fenceLostSite: 'A lost site answers again and is to be fenced.',
  primaryAlive: 'The primary still answers, or has come back.',
  dataLoss: 'The standby is older than the limit.',
  unprovenFence: 'It could not be proven that the lost site accepts no writes.',
  blindPromotion: 'The replica cannot be looked into before it is promoted.',
  unknownMesh: 'It cannot be seen whether the instance has Mesh nodes, which a backup would leave out.',
  uncheckedRestore: 'A backup cannot be compared with its manifest before it is restored.',
  unprovenService: 'The service cannot be proven by signing in, cloning and pushing.',
  dnsByHand: 'The service name has to be moved by hand.',
  handMount: 'The home has to be mounted by hand.',
  propertiesByHand: 'bitbucket.properties has to be changed by hand.',
  missingSettings: 'The database lacks something that the estate names.',
};

const gates = z
  .object(
    Object.fromEntries(
      Object.entries(GATE_DEFAULTS).map(([name, rule]) => [
        name,
        gate.prefault(rule).describe(GATE_MEANING[name as keyof typeof GATE_DEFAULTS]),
      ]),
    ) as Record<keyof typeof GATE_DEFAULTS, z.ZodPrefault<typeof gate>>,
  )
  .catchall(gate);

const notifications = z
  .array(
    z.strictObject({
      name: word.describe('How reports call the receiver.'),
      webhook: word
        .refine(
          (value) => parseSecretReference(value) !== undefined || /^https?:\/\//.test(value),
          `must be an address, or the reference of a secret that holds one. ${REFERENCE_HELP}`,
        )
        .describe(
          'Where notices are posted. An address that lets anybody post is a secret: give its reference.',
        ),
      secret: word
        .refine(
          (value) => parseSecretReference(value) !== undefined,
          `must be the reference of a secret. ${REFERENCE_HELP}`,
        )
        .optional()
        .describe('Notices are signed with it (HMAC-SHA-256, header x-runbooks-signature).'),
      events: z
        .array(z.literal(['asked', 'escalated', 'ended']))
        .min(1, 'name at least one of asked, escalated, ended')
        .prefault(['asked', 'escalated', 'ended']),
    }),
  )
  .superRefine((targets, context) =>
    targets.forEach(({ name }, index) => {
      if (targets.findIndex((other) => other.name === name) === index) return;
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `"${name}" is listed twice` });
    }),
  )
  .describe('Who is told when a question waits, is passed on, or a run has ended.');

const moment = z.iso.datetime({
  offset: true,
  error: 'write a time with its zone, e.g. 2026-12-20T00:00:00Z',
});

const freeze = z
  .strictObject({ from: moment, until: moment, reason: word })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until), {
    error: 'until must be later than from',
    path: ['until'],
  });

const freezes = z
  .array(freeze)
  .describe('In these times nothing is started, unless a person breaks the freeze with a reason.');

/** A zone of the IANA database. */
export const timeZone = word.refine(isTimeZone, {
  error: 'write a time zone such as Europe/Berlin or UTC',
});

const kept = (count: number, what: string) => z.int().min(0).prefault(count).describe(what);

const retention = z
  .strictObject({
    hourly: kept(24, 'Of so many hours that have a backup, the newest one is kept.'),
    daily: kept(7, 'The same for days.'),
    weekly: kept(5, 'For weeks, from Monday to Sunday.'),
    monthly: kept(12, 'For months.'),
    yearly: kept(3, 'For years.'),
    keepVerified: z
      .int()
      .min(1)
      .prefault(1)
      .describe('So many of the newest that a restore has proven are kept, however old they are.'),
    timeZone: timeZone.prefault('UTC').describe('By its clocks days, weeks, months and years begin.'),
  })
  .describe('Which backups are kept, in each place for itself; `pruneBackups` deletes the others.');

const DAY_SECONDS = 86_400;

const snapshotLock = z
  .strictObject({
    mode: z
      .literal(['governance', 'compliance'])
      .describe(
        'governance: may be lifted by whoever has the permission; compliance: by nobody, not even AWS.',
      ),
    duration: duration
      .refine((seconds) => seconds >= DAY_SECONDS && seconds <= 36_500 * DAY_SECONDS, 'must be 1d to 36500d')
      .describe('So long after the backup nobody can delete its EBS snapshots, here and in every copy.'),
    coolOff: duration
      .refine(
        (seconds) => seconds >= 3600 && seconds <= 72 * 3600 && seconds % 3600 === 0,
        'must be whole hours, 1h to 72h',
      )
      .optional()
      .describe('compliance: for so long the lock can still be changed.'),
  })
  .refine(({ mode, coolOff }) => coolOff === undefined || mode === 'compliance', {
    error: 'only a lock in compliance mode has a cooling-off time',
    path: ['coolOff'],
  })
  .describe('EBS snapshot lock. DB snapshots know none.');

const FAILED_STEPS = 'By step, e.g. { copyBackup: { retry: 3, then: degrade } }.';

const shape = {
  failures: z.strictObject({
    default: failure.prefault('ask').describe('When a step has failed and its own retries did not help.'),
    decisionTimeout: duration.prefault('4h').describe('How long a failed step waits for people.'),
    identity: identity.prefault('stated'),
    escalate: escalation.optional(),
    steps: z.record(step, failure).prefault({}).describe(FAILED_STEPS),
  }),
  dataLoss: z.strictObject({
    database: duration
      .prefault('60s')
      .describe('Commits that the replica lacks above which consent is needed.'),
    home: duration.prefault('1h').describe('Age of the newest home copy above which consent is needed.'),
  }),
  detection: z.strictObject({
    probes: z.int().min(1).prefault(2).describe('So many failed probes in a row mean lost.'),
    interval: duration.prefault('10s'),
    timeout: duration.prefault('5s'),
  }),
  polling: z
    .strictObject({ fastest: duration.prefault('3s'), slowest: duration.prefault('25s') })
    .describe('How often a wait looks.'),
  antiFlap: z.strictObject({
    window: duration.prefault('4h').describe('No automatic start for so long after a recovery.'),
  }),
  lease: z.strictObject({
    whenBusy: z
      .literal(['refuse', 'wait'])
      .prefault('refuse')
      .describe('When another run holds the instance.'),
    wait: duration.prefault('30m').describe('How long `wait` waits.'),
    preempt: duration
      .prefault('5m')
      .describe('How long an emergency waits for a run that was asked to let go.'),
  }),
  signatures: z.strictObject({
    lifetime: duration.prefault('10m').describe('A proof older than this is refused.'),
    clockSkew: duration
      .prefault('60s')
      .describe('So far may the clock of whoever signs be ahead of the clock of the worker.'),
  }),
  worker: z.strictObject({
    deadAfter: duration
      .refine((seconds) => seconds >= 3, 'must be at least 3s: a busy worker would be taken for a dead one')
      .prefault('10s')
      .describe('A worker that is silent for so long in the middle of a step is replaced by another.'),
  }),
  failover: z.strictObject({
    snapshotBeforePromotion: z.boolean().prefault(false),
    nodes: z.int().min(1).optional().describe("Nodes to start; otherwise the site's own count."),
  }),
  backup: z.strictObject({
    mode: z
      .literal(['zeroDowntime', 'locked'])
      .prefault('zeroDowntime')
      .describe('locked: users see the maintenance page while home and database are captured.'),
    drainTimeout: duration
      .prefault('10m')
      .describe('locked: running pushes and clones may take so long to end; then it unlocks and fails.'),
    lockLimit: duration
      .prefault('30m')
      .describe('locked: users are locked out no longer than this; then it unlocks and fails.'),
    freezeLimit: duration
      .refine((seconds) => seconds >= 10, 'must be at least 10s: commands to the file server take some')
      .prefault('60s')
      .describe('The file server ends a freeze by itself after so long, whatever became of the worker.'),
    maxSkew: duration
      .prefault('2m')
      .describe('Home and database further apart than this end the run as DEGRADED.'),
    snapshotLock: snapshotLock.optional(),
    retention: retention.prefault({}),
  }),
  restore: z.strictObject({
    keepReplaced: duration
      .prefault('7d')
      .describe('So long the volumes and the database that a restore has replaced are to be kept.'),
    keepBeside: duration
      .prefault('8h')
      .describe('So long a copy beside the service stands, unless its start says otherwise.'),
  }),
  verify: z.strictObject({
    limit: duration.prefault('6h').describe('A backup that is tried out is torn down after so long.'),
    sample: z.int().min(1).max(200).prefault(20).describe('So many repositories are checked by git.'),
    clones: z.int().min(0).max(20).prefault(3).describe('So many of them are cloned through Bitbucket.'),
  }),
};

const THRESHOLD = 'write a number of instances, 0 or more, or a share from 0% to 100%';

const fleet = z
  .strictObject({
    concurrency: z.int().min(1).max(1000).prefault(10).describe('Instances at once.'),
    errorThreshold: z
      .union([z.int(THRESHOLD).min(0, THRESHOLD), z.string().regex(/^(100|\d{1,2})%$/, THRESHOLD)], {
        error: THRESHOLD,
      })
      .prefault('10%')
      .describe('After more failures than this the rest is not started; a share is rounded up.'),
    whenBusy: z
      .literal(['skip', 'wait'])
      .prefault('skip')
      .describe('When another run holds an instance: leave it out and say so, or wait as `lease.wait` says.'),
  })
  .describe('How runs over many instances go.');

/** The steps that the estate does not name keep what holds otherwise. */
const failedSteps = shape.failures.shape.steps
  .unwrap()
  .transform((given): Record<string, z.output<typeof failure>> => ({ ...FAILURE_DEFAULTS, ...given }))
  .prefault(FAILURE_DEFAULTS)
  .describe(FAILED_STEPS);

/** The policy with every default. Input: durations as text. Output: seconds. */
const policySchema = z.strictObject({
  gates: gates.prefault({}),
  failures: shape.failures.extend({ steps: failedSteps }).prefault({}),
  dataLoss: shape.dataLoss.prefault({}),
  detection: shape.detection.prefault({}),
  polling: shape.polling.prefault({}),
  expected: expectedOf.prefault({}).describe('How long a step usually takes here, by step name.'),
  deadlines: deadlinesOf.prefault({}).describe('Budget of a step, by step name.'),
  antiFlap: shape.antiFlap.prefault({}),
  lease: shape.lease.prefault({}),
  signatures: shape.signatures.prefault({}),
  worker: shape.worker.prefault({}),
  failover: shape.failover.prefault({}),
  backup: shape.backup.prefault({}),
  restore: shape.restore.prefault({}),
  verify: shape.verify.prefault({}),
  fleet: fleet.prefault({}),
  freezes: freezes.prefault([]),
  notifications: notifications.prefault([]),
});

/** The policy of one instance: only what differs. */
export const policyOverrideSchema = z.strictObject({
  gates: z.record(word, gate).superRefine(refuseSlips).optional(),
  failures: overriding(shape.failures).optional(),
  dataLoss: overriding(shape.dataLoss).optional(),
  detection: overriding(shape.detection).optional(),
  polling: overriding(shape.polling).optional(),
  expected: expectedOf.optional(),
  deadlines: deadlinesOf.optional(),
  antiFlap: overriding(shape.antiFlap).optional(),
  lease: overriding(shape.lease).optional(),
  signatures: overriding(shape.signatures).optional(),
  worker: overriding(shape.worker).optional(),
  failover: overriding(shape.failover).optional(),
  backup: overriding(shape.backup)
    .extend({ retention: overriding(retention).optional() })
    .optional(),
  restore: overriding(shape.restore).optional(),
  verify: overriding(shape.verify).optional(),
  freezes: freezes.optional(),
  notifications: notifications.optional(),
});

export type PolicyOverride = z.output<typeof policyOverrideSchema>;

export const policyOf = policySchema.superRefine((policy, context) =>
  refuseSlips(policy.gates, context, ['gates']),
);

/** A gate that is almost one of the known ones would leave the known one at its default, silently. */
function refuseSlips(
  given: Readonly<Record<string, unknown>>,
  context: z.core.$RefinementCtx,
  path: readonly string[] = [],
): void {
  const known = Object.keys(GATE_DEFAULTS);
  for (const name of Object.keys(given)) {
    const meant = known.includes(name) ? undefined : nearest(name, known);
    if (meant === undefined) continue;
    context.addIssue({
      code: 'custom',
      path: [...path, name],
      message: `unknown gate "${name}": did you mean "${meant}"?`,
    });
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

type Unset<S> = S extends z.ZodPrefault<infer Inner> ? Inner : S;

/** The same members without defaults, all optional. */
function overriding<S extends z.ZodRawShape>(
  object: z.ZodObject<S, z.core.$strict>,
): z.ZodObject<{ [K in keyof S]: z.ZodOptional<Unset<S[K]> & z.core.SomeType> }, z.core.$strict> {
  const members = Object.entries(object.shape).map(([name, schema]) => {
    const unset = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
    return [name, z.optional(unset)];
  });
  return z.strictObject(Object.fromEntries(members) as never);
}

export type PolicyFile = z.output<typeof policySchema>;
