import { labPolicy } from '../../../lab/world/lab-policy';
import { STEP_CONTRACTS } from '../../../lab/world/step-contracts';

test('every step of the runbooks has its time in the lab, shorter by the scale', () => {
  const { expected = {}, deadlines = {} } = labPolicy(60);
  expect(STEP_CONTRACTS.length).toBeGreaterThan(15);
  for (const { name } of STEP_CONTRACTS) {
    expect(deadlines[name]).toBeDefined();
    expect(expected[name]).toBeDefined();
  }
  expect(expected.promoteReplica).toBe(300 / 60);
});

test('no budget is shorter than the real work behind a step takes', () => {
  for (const seconds of Object.values(labPolicy(10_000).deadlines ?? {})) {
    expect(Number(seconds)).toBeGreaterThanOrEqual(60);
  }
});

test('at scale 1 the policy has the durations of AWS', () => {
  expect(labPolicy(1).expected?.startNode).toBe(420);
  expect(labPolicy(1).polling).toEqual({ fastest: 3, slowest: 25 });
});
