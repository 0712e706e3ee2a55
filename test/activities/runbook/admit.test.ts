import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { admit } from '../../../activities/runbook/admit';
import { loadEstate } from '../../../estate/load';

const estate = loadEstate(join(__dirname, '../../../estate/examples/production.yaml'));

/** What the server tells of the run that asks to be admitted. */
interface Run {
  readonly parent?: string;
  readonly identity?: string;
}

function admitted(
  message: Readonly<Record<string, unknown>>,
  { parent, identity = '' }: Run = {},
  runbook = 'drFailover',
): ReturnType<typeof admit> {
  const handle = {
    describe: async () =>
      parent === undefined ? {} : { parentExecution: { workflowId: parent, runId: 'r' } },
    fetchHistory: async () => ({ events: [{ workflowExecutionStartedEventAttributes: { identity } }] }),
  };
  const workflow = { getHandle: () => handle };
  const withAbortSignal = (_signal: AbortSignal, work: () => unknown) => work();
  const client = { workflow, withAbortSignal } as unknown as Client;
  const whole = { instance: 'bitbucket-prod', ...message };
  const work = (): ReturnType<typeof admit> => admit(() => estate, { runbook, message: whole });
  return new MockActivityEnvironment({}, { client }).run<[], Awaited<ReturnType<typeof admit>>, typeof work>(
    work,
  );
}

describe('whoever starts a run by hand', () => {
  test.each(['ada', 'Ada', ' ADA '])('is the person of the estate that %j means', async (requestedBy) => {
    expect((await admitted({ requestedBy })).requestedBy).toBe('ada');
  });

  test('must be a person of the estate: under another name they could approve their own run', async () => {
    await expect(admitted({ requestedBy: 'alovelace' })).rejects.toThrow(
      /"alovelace" is no person of the estate \(its people are ada, grace, margaret\).*--as NAME/,
    );
    await expect(admitted({ requestedBy: 'margret', trigger: 'manual' })).rejects.toThrow(
      'did you mean "margaret"?',
    );
  });

  test('is known by the start event where the message names nobody', async () => {
    expect((await admitted({}, { identity: 'Grace@laptop' })).requestedBy).toBe('grace');
    expect((await admitted({}, { identity: '812@worker' })).requestedBy).toBeNull();
  });

  test('may be anybody where nothing is changed', async () => {
    expect((await admitted({ requestedBy: 'alovelace', dryRun: true })).requestedBy).toBe('alovelace');
    expect((await admitted({ requestedBy: 'alovelace' }, {}, 'listBackups')).requestedBy).toBe('alovelace');
  });

  test('was judged at the start of the parent, where the run is the child of another', async () => {
    const child = await admitted({ requestedBy: 'alovelace' }, { parent: 'backupFleet/estate/1' });
    expect(child.requestedBy).toBe('alovelace');
  });
});

test.each(['webhook', 'schedule', 'alarm'])('a start by trigger %s may name anything', async (trigger) => {
  const { requestedBy } = await admitted({ trigger, requestedBy: 'CloudWatch' });
  expect(requestedBy).toBe('CloudWatch');
});

describe('a continuation', () => {
  const message = { trigger: 'continuation', requestedBy: 'ada', site: 'frankfurt' };

  test('cannot be claimed by a start message: it would pass freezes and blocks', async () => {
    await expect(admitted(message, {}, 'fenceLostSite')).rejects.toThrow('another run has left behind');
    await expect(admitted({ trigger: 'continuation' }, {}, 'restore')).rejects.toThrow('Leave "trigger" out');
  });

  test('is a run that another one has left behind', async () => {
    const left = await admitted(message, { parent: 'drFailover/bitbucket-prod/1' }, 'fenceLostSite');
    expect([left.trigger, left.requestedBy]).toEqual(['continuation', 'ada']);
  });
});
