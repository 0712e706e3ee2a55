import { ApplicationFailure } from '@temporalio/common';
import { later } from '../../../workflows/runbook/later';
import { outputWhenSkipped } from '../../../workflows/runbook/skip';
import { captureDatabase, completeBackup, copyBackup, lockSnapshots } from '../../../workflows/steps/backup';
import {
  disableAutomation,
  fenceDatabase,
  fenceHome,
  fenceNodes,
  proveFence,
} from '../../../workflows/steps/fence';
import { attachHomeVolume, createHomeVolume } from '../../../workflows/steps/home-volume';
import { ToyBench } from '../../support/toy-run';
import { TOY_POLICY, ToyWorld } from '../../support/toy-world';

describe('what a skipped step hands on', () => {
  test('is what was foreseen, unless that holds an identifier that does not exist', () => {
    expect(outputWhenSkipped({}, { ids: ['vol-1'] })).toEqual({ output: { ids: ['vol-1'] } });
    expect(outputWhenSkipped({}, { parts: [{ id: later('volume'), size: null }] })).toBeNull();
    expect(outputWhenSkipped({}, undefined)).toBeNull();
  });

  test('is what its contract says, whatever was foreseen', () => {
    expect(outputWhenSkipped({ whenSkipped: { seen: false } }, { seen: true })).toEqual({
      output: { seen: false },
    });
    expect(outputWhenSkipped({ whenSkipped: null }, { seen: true })).toBeNull();
  });

  test.each([disableAutomation, fenceDatabase, fenceHome, fenceNodes, proveFence])(
    'a fence is not proven by skipping $name',
    (contract) => {
      const skipped = outputWhenSkipped(contract, { proven: true, reason: null });
      expect(skipped?.output).toEqual({ proven: false, reason: expect.stringContaining('was skipped') });
    },
  );

  test('no backup is kept without a part, no copy recorded that is not complete, no lock that was not set', () => {
    const parts = { members: [], consistency: 'frozen' } as const;
    expect(outputWhenSkipped(captureDatabase, parts)).toBeNull();
    const complete = { members: [], account: '' };
    expect([completeBackup, copyBackup].map((one) => outputWhenSkipped(one, complete))).toEqual([null, null]);
    expect(outputWhenSkipped(lockSnapshots, { lockedUntil: '2027-01-01T00:00:00Z' })).toEqual({
      output: { lockedUntil: null },
    });
  });
});

test('no home is mounted whose volume was not seen in its place', () => {
  expect(outputWhenSkipped(attachHomeVolume, { volumeId: 'vol-1', replaced: null })).toBeNull();
  expect(outputWhenSkipped(createHomeVolume, { volumeId: 'vol-1', sizeGiB: 1 })).toBeNull();
});

describe('a failed step that brings what follows needs', () => {
  let bench: ToyBench;
  let world: ToyWorld;
  beforeEach(async () => {
    world = new ToyWorld();
    world.policy = { ...TOY_POLICY, gates: { go: 'auto' } };
    world.checks = { second: { output: { value: later('key of the second') } } };
    world.before = (part, occurrence) => {
      if (part === 'second.run' && occurrence === 1)
        throw ApplicationFailure.nonRetryable('no key', 'Terminal');
    };
    bench = await ToyBench.open(world);
  });
  afterEach(() => bench.close());

  const start = (runbook: string) => bench.start({}, `${runbook}/${bench.instance}/${Date.now()}`);

  test('cannot be skipped, and says why', async () => {
    const run = await start('toyRunbook');
    const ask = await run.asked('second.failed');
    expect(ask.verdicts).toEqual(['retry', 'abort']);
    expect(ask.evidence).toEqual(['no key', 'What follows needs what it brings: it cannot be skipped.']);
    const skipping = run.decide({ ask: ask.id, verdict: 'skip', actor: 'ben', note: 'who needs it' });
    await expect(skipping).rejects.toThrow();
    await run.decide({ ask: ask.id, verdict: 'retry', actor: 'ben' });
    expect((await run.ended()).outcome).toBe('SUCCEEDED');
  });

  test('leaves out the part around it when it is skipped and the run can do without that', async () => {
    const run = await start('toyOptional');
    const ask = await run.asked('second.failed');
    expect([ask.verdicts, ask.evidence[1]]).toEqual([
      ['retry', 'skip', 'abort'],
      'What follows needs what it brings: to skip it leaves the second toy out.',
    ]);
    await run.decide({ ask: ask.id, verdict: 'skip', actor: 'ben', note: 'it can wait' });
    const { outcome, degraded } = await run.ended();
    expect([outcome, degraded]).toEqual([
      'DEGRADED',
      ['the second toy was left out: Toy second was skipped by ben: it can wait'],
    ]);
    expect([...world.on].sort()).toEqual(['first', 'last', 'oneWay']);
    expect(world.count('proof.verify')).toBe(0);
  });
});
