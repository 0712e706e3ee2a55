import type { LedgerEntry } from '../../../lab/gateway/ledger';
import { callsToFencedSite, madeTwice } from '../../../lab/world/ledger-rules';

const PAIR = { one: 'eu-central-1', other: 'eu-west-1' };
const NOT_OURS = (): boolean => false;

function call(region: string, action: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    at: 0,
    account: '123456789012',
    region,
    service: 'any',
    action,
    mutating: true,
    status: 200,
    errorCode: null,
    applied: true,
    parameters: {},
    ...more,
  };
}

const promoted = call('eu-west-1', 'PromoteReadReplica');

test('what happens before the promotion is no change of a fenced site', () => {
  const calls = [call('eu-central-1', 'ResumeProcesses'), promoted, call('eu-west-1', 'ModifyDBInstance')];
  expect(callsToFencedSite(calls, PAIR, NOT_OURS)).toEqual([]);
});

test.each(['ResumeProcesses', 'AuthorizeSecurityGroupIngress', 'StartInstances', 'EnableAlarmActions'])(
  '%s after the promotion could revive the lost site',
  (action) => {
    expect(callsToFencedSite([promoted, call('eu-central-1', action)], PAIR, NOT_OURS)).toHaveLength(1);
  },
);

test.each(['SuspendProcesses', 'RevokeSecurityGroupIngress', 'CreateTags', 'CreateOrUpdateTags'])(
  '%s after the promotion is part of a fence that comes late',
  (action) => {
    expect(callsToFencedSite([promoted, call('eu-central-1', action)], PAIR, NOT_OURS)).toEqual([]);
  },
);

test('the group of the lost site may be set to nothing again, but to nothing else', () => {
  const resize = (MaxSize: string): LedgerEntry =>
    call('eu-central-1', 'UpdateAutoScalingGroup', { parameters: { MaxSize } });
  expect(callsToFencedSite([promoted, resize('0')], PAIR, NOT_OURS)).toEqual([]);
  expect(callsToFencedSite([promoted, resize('2')], PAIR, NOT_OURS)).toHaveLength(1);
});

test('calls that were refused, never arrived, only read, or are the lab’s own do not count', () => {
  const harmless = [
    call('eu-central-1', 'StartInstances', { errorCode: 'Throttling' }),
    call('eu-central-1', 'StartInstances', { applied: false }),
    call('eu-central-1', 'DescribeInstances', { mutating: false }),
  ];
  expect(callsToFencedSite([promoted, ...harmless], PAIR, NOT_OURS)).toEqual([]);
  const own = call('eu-central-1', 'CreateSnapshot');
  expect(callsToFencedSite([promoted, own], PAIR, (entry) => entry === own)).toEqual([]);
});

test('two volumes of one step are told; volumes of different steps, runs or kinds are not', () => {
  const volume = (id: string, run: string, step: string, kind = 'volume') => ({
    kind,
    id,
    region: 'eu-west-1',
    tags: { 'runbooks:run': run, 'runbooks:step': step, 'runbooks:volume': 'home' },
  });
  const one = volume('vol-1', 'run-1', 'createHomeVolume');
  expect(madeTwice([one, volume('vol-2', 'run-2', 'createHomeVolume')])).toEqual([]);
  expect(madeTwice([one, volume('snap-1', 'run-1', 'createHomeVolume', 'snapshot')])).toEqual([]);
  expect(madeTwice([one, volume('vol-2', 'run-1', 'createHomeVolume')])).toEqual([
    expect.stringContaining('vol-1, vol-2'),
  ]);
});
