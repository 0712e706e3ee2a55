import { ApplicationFailure } from '@temporalio/common';

import { awaitRegion } from '../../../workflows/steps/await-region';
import type { AwaitRegion, Enough } from '../../../workflows/steps/await-region';
import type { Dependencies } from '../../dependencies';
import { notYet } from '../../errors';
import { implementStep } from '../../implement';
import type { StepImplementation } from '../../implement';
import { recall, remember } from '../../runbook/call-scope';
import { findGroup } from '../auto-scaling/group';
import { findInstance } from '../ec2/find-instances';
import { AwsTransient } from '../errors';
import { isUnreachable } from '../observe';
import { findDatabase } from '../rds/find-database';
import { askOnce } from '../silence';

/** Between two looks, in units of the policy's fastest: soon enough to be there first, and no load over weeks. */
const PATIENCE = 3;

/** For so long a part of a region is taken for one that is coming back, in the same units: ten minutes where nothing is set. */
const SETTLED = 200;

/** Since when a part of the region answers, epoch milliseconds. */
const PARTLY_SINCE = 'partly since';

interface Door {
  readonly service: string;
  readonly look: () => Promise<unknown>;
}

/** Each service is asked by itself: one that is silent says nothing of the others. */
export function awaitRegionImplementation(dependencies: Dependencies): StepImplementation {
  return implementStep<AwaitRegion, { readonly answeredAt: string }>(awaitRegion, {
    actions: ['autoscaling:DescribeAutoScalingGroups', 'rds:DescribeDBInstances', 'ec2:DescribeInstances'],

    async check() {
      return { state: 'needed', before: {}, calls: [], problems: [], output: { answeredAt: '' } };
    },

    async verify(input, _output, { pace }) {
      const { region, enough = 'any' } = input;
      const doors = doorsOf(dependencies, input);
      const answers = await askOnce(() => Promise.all(doors.map(({ look }) => isAnswered(look))));
      const silent = doors.filter((_door, index) => answers[index] === false).map(({ service }) => service);
      const seconds = secondsInPart(silent.length > 0 && silent.length < doors.length);
      if (!isEnough(enough, doors.length, silent.length, seconds / pace.fastestSeconds)) {
        const what = silent.length === doors.length ? '' : `: no answer from ${silent.join(', ')}`;
        throw notYet(`${region} does not answer${what}`, PATIENCE * pace.fastestSeconds);
      }
      const answeredAt = new Date().toISOString();
      return { output: { answeredAt }, facts: { answeredAt, silent: silent.join(', ') } };
    },
  });
}

/** Pure. @param inPart for how long a part has answered, in units of the fastest pace */
function isEnough(enough: Enough, asked: number, silent: number, inPart: number): boolean {
  if (silent === 0) return true;
  if (silent === asked || enough === 'all') return false;
  return enough === 'any' || inPart >= SETTLED;
}

function doorsOf(dependencies: Dependencies, input: AwaitRegion): readonly Door[] {
  const { region, autoScalingGroup, databaseId, fileServerId } = input;
  return [
    { service: 'Auto Scaling', look: () => findGroup(dependencies, { region, autoScalingGroup }) },
    ...(databaseId === undefined
      ? []
      : [{ service: 'RDS', look: () => findDatabase(dependencies, region, databaseId) }]),
    ...(fileServerId === undefined
      ? []
      : [{ service: 'EC2', look: () => findInstance(dependencies, region, fileServerId) }]),
  ];
}

/** An answer of any kind is a sign of life, also that there is no such thing, or that we may not look; an error of AWS itself is none. */
async function isAnswered(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if (isUnreachable(error) || error instanceof AwsTransient) return false;
    if (error instanceof ApplicationFailure) return true;
    throw error;
  }
}

/** For how long, over all attempts, a part of the region has answered; 0 when it does not now. */
function secondsInPart(isInPart: boolean): number {
  const since = isInPart ? Number(recall(PARTLY_SINCE) ?? Date.now()) : undefined;
  remember(PARTLY_SINCE, since);
  return since === undefined ? 0 : (Date.now() - since) / 1000;
}
