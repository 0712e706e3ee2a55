import type { EstateInput } from '../../estate/schema';
import { RETENTION } from './expected-points';
import { cronOf, SCHEDULES } from './hours';

const TIME_ZONE = 'Europe/Berlin';

/** The estate with the schedules and the policy of the soak; nobody is asked before backups are deleted. */
export function withSchedules(instance: string): (estate: EstateInput) => EstateInput {
  return (estate) => {
    const { [instance]: own } = estate.instances;
    if (own === undefined) throw new Error(`no ${instance} in the estate`);
    const schedules = Object.fromEntries(
      Object.entries(SCHEDULES).map(([name, schedule]) => [
        name,
        { runbook: schedule.runbook, cron: cronOf(schedule), timeZone: TIME_ZONE },
      ]),
    );
    const { policy } = estate;
    const { gates = {} } = policy ?? {};
    gates['pruneBackups'] = 'auto';
    return {
      ...estate,
      instances: { ...estate.instances, [instance]: { ...own, schedules } },
      policy: {
        ...policy,
        gates,
        backup: { ...policy?.backup, retention: { ...RETENTION, timeZone: TIME_ZONE } },
      },
    };
  };
}
