import { parse, stringify } from 'yaml';
import { ESTATE_RUNBOOKS, INSTANCE_RUNBOOKS } from '../../estate/runbook-names';
import type { EstateInput } from '../../estate/schema';
import { isForEstate } from '../../workflows/plan/fleet/estate';
import { problemsOf } from '../support/estate-problems';
import { EXAMPLE as text } from '../support/example-estate';
import { servedRunbooks } from '../support/served-runbooks';

const EXAMPLE = parse(text) as EstateInput;
const [INSTANCE = ''] = Object.keys(EXAMPLE.instances);

/** The example with one schedule of the instance, or of the estate. */
function scheduled(runbook: string, ofEstate = false): string {
  const schedules = { nightly: { runbook, cron: '30 1 * * *' } };
  const own = EXAMPLE.instances[INSTANCE]!;
  return stringify(
    ofEstate
      ? { ...EXAMPLE, schedules }
      : { ...EXAMPLE, instances: { ...EXAMPLE.instances, [INSTANCE]: { ...own, schedules } } },
  );
}

test('every runbook that a worker serves can be scheduled where it belongs, and no other', () => {
  const known = [...INSTANCE_RUNBOOKS, ...ESTATE_RUNBOOKS];
  expect([...known].sort()).toEqual(servedRunbooks());
  expect(known.filter(isForEstate)).toEqual(ESTATE_RUNBOOKS);
  for (const name of INSTANCE_RUNBOOKS) expect(problemsOf(scheduled(name))).toEqual([]);
  for (const name of ESTATE_RUNBOOKS) expect(problemsOf(scheduled(name, true))).toEqual([]);
});

test.each([
  ['backups', false, /schedules\.nightly\.runbook: no runbook is called backups: did you mean backup\?/],
  ['verifybackup', false, /did you mean verifyBackup\?/],
  ['somethingElse', false, /write one of backup, drFailover, /],
  ['instanceLease', false, /no runbook is called instanceLease/],
  ['backupFleet', false, /is started for the estate: move it to schedules, beside instances/],
  ['backup', true, /^\S+ schedules\.nightly\.runbook: backup is started for an instance: move it/],
  ['backupFlet', true, /did you mean backupFleet\?/],
])('a schedule of %s (of the estate: %s) is refused', (runbook, ofEstate, expected) => {
  expect(problemsOf(scheduled(runbook, ofEstate))).toEqual([expect.stringMatching(expected)]);
});
