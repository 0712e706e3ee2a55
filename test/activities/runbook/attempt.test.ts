import { MockActivityEnvironment } from '@temporalio/testing';

import { notYet } from '../../../activities/errors';
import { attempt } from '../../../activities/runbook/attempt';
import { announceCall, callSignal, recall, remember } from '../../../activities/runbook/call-scope';
import type { OutgoingCall } from '../../../activities/runbook/call-scope';
import type { LeaseKeeper } from '../../../activities/runbook/lease';
import { timeLeft } from '../../../activities/runbook/time-left';
import { context } from '../aws/step-driver';

const lease = { confirm: () => Promise.resolve() } as unknown as LeaseKeeper;

it('what an attempt writes down is there in the next one, whichever worker has it', async () => {
  let handedOn: unknown;
  const once = <T>(work: () => Promise<T>): Promise<unknown> => {
    const environment = new MockActivityEnvironment({ heartbeatDetails: handedOn });
    environment.on('heartbeat', (details: unknown) => (handedOn = structuredClone(details)));
    return environment.run(() => attempt(lease, context('captureVolumes'), 'untilDeadline', work));
  };
  const refused = once(async () => {
    remember('refused', { pending: 3 });
    throw notYet('no room', 1);
  });
  await expect(refused).rejects.toMatchObject({ type: 'NotYet' });
  expect(await once(async () => recall('refused'))).toMatchObject({ value: { pending: 3 } });
  await once(async () => remember('refused', undefined));
  expect(await once(async () => recall('refused') ?? null)).toMatchObject({ value: null });
});

it('outside an attempt nothing is written down', () => {
  remember('refused', 1);
  expect(recall('refused')).toBeUndefined();
});

describe('when the time of an attempt is over', () => {
  const change: OutgoingCall = { service: 'ec2', action: 'CreateVolume', mutating: true };
  const look: OutgoingCall = { ...change, action: 'DescribeVolumes', mutating: false };
  const after = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const budget = (milliseconds: number) => ({
    startToCloseTimeoutMs: milliseconds,
    scheduleToCloseTimeoutMs: milliseconds,
  });
  const attempted = <T>(info: object, work: () => Promise<T>, keeper = lease): Promise<unknown> =>
    new MockActivityEnvironment(info).run(() =>
      attempt(keeper, context('createHomeVolume'), 'bounded', work),
    );

  it('it sends no further change, for an undo may be under way; a look is no harm', async () => {
    const late = attempted(budget(400), async () => {
      await announceCall(change);
      await after(350);
      await announceCall(look);
      await announceCall(change);
    });
    await expect(late).rejects.toMatchObject({
      type: 'OutOfTime',
      nonRetryable: false,
      message: 'ec2 CreateVolume was not called: the time of createHomeVolume is over',
    });
  });

  it('a lease that is confirmed too late does not let the change out', async () => {
    const slow = { confirm: () => after(350) } as unknown as LeaseKeeper;
    const late = attempted(budget(400), () => announceCall(change), slow);
    await expect(late).rejects.toMatchObject({ type: 'OutOfTime' });
  });

  it('what is under way is broken off', async () => {
    const aborted = attempted(budget(200), async () => {
      await after(250);
      return callSignal()?.aborted;
    });
    expect(await aborted).toMatchObject({ value: true });
  });

  it('the attempts before it count', async () => {
    const info = {
      startToCloseTimeoutMs: 60_000,
      scheduleToCloseTimeoutMs: 60_000,
      scheduledTimestampMs: 1_000_000,
      currentAttemptScheduledTimestampMs: 1_055_000,
    };
    await expect(attempted(info, () => announceCall(change))).rejects.toMatchObject({ type: 'OutOfTime' });
    const young = { ...info, currentAttemptScheduledTimestampMs: 1_010_000 };
    expect(await attempted(young, () => announceCall(change))).toMatchObject({ calls: { mutating: 1 } });
  });

  it("the worker's clock does not count, wherever it stands and however it jumps", async () => {
    const now = jest.spyOn(Date, 'now');
    try {
      const done = attempted(budget(60_000), async () => {
        now.mockReturnValue(8.64e15);
        await announceCall(change);
      });
      expect(await done).toMatchObject({ calls: { mutating: 1 } });
    } finally {
      now.mockRestore();
    }
  });

  it.each([
    [{ own: 60_000, whole: 600_000, waited: 0 }, 60_000, 50_000],
    [{ own: 600_000, whole: 600_000, waited: 595_000 }, 5_000, 0],
    [{ own: 600_000, whole: 600_000, waited: 700_000 }, 0, 0],
    [{ own: 1_000, whole: 1_000, waited: -5 }, 1_000, 750],
    [{ own: 0, whole: 0, waited: 0 }, Infinity, Infinity],
  ])(
    'of %j are left %d ms, %d of them to change something',
    ({ own, whole, waited }, milliseconds, toChange) => {
      const times = {
        scheduledTimestampMs: 1_000_000,
        currentAttemptScheduledTimestampMs: 1_000_000 + waited,
        scheduleToCloseTimeoutMs: whole,
        startToCloseTimeoutMs: own,
      };
      expect(timeLeft(times)).toEqual({ milliseconds, toChange });
    },
  );
});
