import type { DBInstance } from '@aws-sdk/client-rds';

import type { Problem } from '../../../workflows/runbook/step';
import type { PromoteReplica } from '../../../workflows/steps/database';
import { isBroken, isServing, sourceOf, statusOf } from './database-status';
import type { LossEstimate } from './loss-estimate';

/** What stands against promoting this instance, apart from the loss of data [A §4]. */
export function replicaProblems(input: PromoteReplica, instance: DBInstance | undefined): Problem[] {
  const what = `Database ${input.databaseId} in ${input.region}`;
  if (instance === undefined) {
    return [
      {
        code: 'replicaNotFound',
        message: `${what} does not exist.`,
        remedy: 'Correct the database in the estate, or build a standby.',
      },
    ];
  }
  if (sourceOf(instance) === null) {
    return [
      {
        code: 'notAReplica',
        message: `${what} is a database of its own, not a replica, and this run did not promote it.`,
        remedy:
          'Find out when it was promoted and what it holds. If it is the right one, use it without promotion; ' +
          'otherwise build a new replica.',
      },
    ];
  }
  return [...statusProblems(what, statusOf(instance)), ...retentionProblems(input)];
}

function statusProblems(what: string, status: string): Problem[] {
  // RDS decides whether it promotes one whose storage it is working on: the step waits where it refuses.
  if (isServing(status)) return [];
  if (status === 'backing-up') {
    return [
      {
        code: 'replicaBackingUp',
        message: `${what} is backing-up; RDS refuses to promote until that is over.`,
        remedy: 'Wait until it is available.',
      },
    ];
  }
  return [
    {
      code: 'replicaNotAvailable',
      message: `${what} is ${status}; a promotion needs it available.`,
      remedy: isBroken(status) ? 'Mend it first: RDS does not by itself.' : 'Wait until it is available.',
    },
  ];
}

function retentionProblems(input: PromoteReplica): Problem[] {
  if (input.backupRetentionDays >= 1 && input.backupRetentionDays <= 35) return [];
  return [
    {
      code: 'retentionOutOfRange',
      message: `A backup retention of ${input.backupRetentionDays} days is not possible: 1 to 35.`,
      remedy: 'Correct backupRetentionDays in the estate.',
    },
  ];
}

/** The figure that is shown is the one that is gated. */
export function lossProblems(input: PromoteReplica, loss: LossEstimate): Problem[] {
  if (loss.seconds === null) {
    return [
      {
        code: 'lagUnknown',
        message: `How much the promotion of ${input.databaseId} would lose is unknown: ${loss.basis}.`,
        remedy: 'Find out by other means, or consent to the loss with the reason.',
        consent: 'dataLoss',
      },
    ];
  }
  if (loss.seconds <= input.lagLimitSeconds) return [];
  const { countedTo } = loss;
  return [
    {
      code: 'replicaLagAboveLimit',
      message:
        `Promoting ${input.databaseId} ${countedTo === undefined ? 'would lose' : 'may lose up to'} ` +
        `${Math.ceil(loss.seconds)} s of commits, the limit is ${input.lagLimitSeconds} s (${loss.basis}).`,
      remedy:
        countedTo === undefined
          ? 'Wait until the replica has caught up if its source lives, or consent to the loss with the reason.'
          : `If the source stopped before ${countedTo} (the start of this run where nobody told the incident), start ` +
            'again with that time as incidentStartedAt. Otherwise consent to the loss with the reason.',
      consent: 'dataLoss',
      figure: loss.seconds,
    },
  ];
}

/**
 * The worker cannot look into the standby's database. RDS promotes it all the same; only the proof is missing, and
 * Bitbucket's nodes may well have the way or the password that the worker lacks.
 */
export function blindPromotion(input: PromoteReplica, reason: string): Problem {
  return {
    code: 'databaseSessionFailed',
    message:
      `The worker cannot open a session to ${input.databaseId}, so that nobody would see whether it takes writes ` +
      `after the promotion: ${reason}`,
    remedy:
      'Mend the network path, or the reference of the password. Or consent to promote it blindly: the step will then ' +
      'ask after the promotion, because the write cannot be proven; look yourself, and skip it.',
    consent: 'blindPromotion',
  };
}
