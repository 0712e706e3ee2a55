import { MockActivityEnvironment } from '@temporalio/testing';

import { notYet } from '../../../activities/errors';
import { attempt } from '../../../activities/runbook/attempt';
import { recall, remember } from '../../../activities/runbook/call-scope';
import type { LeaseKeeper } from '../../../activities/runbook/lease';
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
