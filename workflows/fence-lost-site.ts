import type { Instance } from './plan/instance';
import type { Settings } from './plan/settings';
import { findSuccessor } from './plan/successor';
import { regionOf } from './plan/reach';
import { fence } from './procedures/fence';
import { runbook } from './runbook/runbook';
import { awaitRegion } from './steps/await-region';
import { observeRecord } from './steps/observe-record';
import { observeSite } from './steps/observe-site';

interface FenceLostSiteInput {
  /** Name of the site that was lost and must not write again. */
  readonly site: string;
}

/**
 * Waits until the region of a lost site answers again, and fences that site: a failover from a region that did not
 * answer leaves this run behind. It holds nothing while it waits, and leaves alone a site that is in service. A region that
 * answers in part is given a while for the rest, since what stays silent has to be asked about.
 */
export const fenceLostSite = runbook<FenceLostSiteInput, Instance, Settings>(
  'fenceLostSite',
  {
    recovery: false,
    startsWhen: ({ site: name }, { sites }) => {
      const site = sites.find((one) => one.name === name);
      return site === undefined ? null : { contract: awaitRegion, input: regionOf(site, 'settled') };
    },
  },
  async (run) => {
    const { subject } = run;
    const lost = subject.sites.find(({ name }) => name === run.input.site);
    if (lost === undefined) {
      return run.refuse({
        code: 'unknownSite',
        message: `${subject.name} has no site "${run.input.site}".`,
        remedy: `Its sites are ${subject.sites.map(({ name }) => name).join(', ')}.`,
      });
    }
    const database = { name: subject.databaseName, credentials: subject.credentials.database };
    const [record, ...sites] = await Promise.all([
      run.observe(observeRecord, subject.dns),
      ...subject.sites.map((site) => run.observe(observeSite, { site, database })),
    ]);
    const found = findSuccessor(sites, lost.name, record);
    if ('problem' in found) return run.refuse(found.problem);
    run.fact('to be fenced', `${lost.name} (${lost.region})`);
    for (const [label, value] of Object.entries(found.evidence)) run.fact(label, value);

    await run.gate('fenceLostSite', `Fence ${lost.name}, which was lost and answers again`);
    const stands = `${lost.name} is fenced as far as the steps say; nothing of it was taken off`;
    if (!(await run.leavable({ stands }, (part) => fence(part, lost)))) {
      run.degraded(`the fence of ${lost.name} was set, and not proven`);
      run.followUp(
        `Start fenceLostSite for ${lost.name} again when all of it answers: nobody waits for the rest now.`,
      );
    }
    run.followUp(
      `Keep ${lost.name} down; its database can never rejoin and holds the pushes that were lost.`,
    );
  },
);
