import { z } from 'zod';

import type { Disaster } from './disasters';
import type { LabRecord } from './registry';

const site = z.object({
  name: z.string(),
  region: z.string(),
  nodes: z.array(z.object({ id: z.string(), address: z.string(), state: z.string() })),
  database: z.string(),
  acceptsWrites: z.boolean(),
  loadBalancer: z.string(),
});

export const labStatus = z.object({
  name: z.string(),
  scale: z.number(),
  directory: z.string(),
  startedAt: z.string(),
  temporal: z.string(),
  ui: z.string().nullable(),
  gateway: z.string(),
  service: z.string(),
  serviceLeadsTo: z.string().nullable(),
  broken: z.array(z.string()),
  sites: z.array(site),
});

export type LabStatus = z.output<typeof labStatus>;

const invariants = z.object({ checked: z.array(z.string()), violations: z.array(z.string()) });
export type Invariants = z.output<typeof invariants>;

/** Speaks with the process that holds a lab. */
export class ControlClient {
  constructor(private readonly url: string) {}

  static of(lab: LabRecord): ControlClient {
    if (lab.control === undefined)
      throw new Error(`lab ${lab.name} belongs to a test and has no control address`);
    return new ControlClient(lab.control);
  }

  status(): Promise<LabStatus> {
    return this.ask('GET', '/status', labStatus);
  }

  environment(): Promise<Record<string, string>> {
    return this.ask('GET', '/env', z.record(z.string(), z.string()));
  }

  invariants(): Promise<Invariants> {
    return this.ask('GET', '/invariants', invariants);
  }

  breakIt(disaster: Disaster): Promise<LabStatus> {
    return this.ask('POST', `/break/${disaster}`, labStatus);
  }

  heal(): Promise<LabStatus> {
    return this.ask('POST', '/heal', labStatus);
  }

  async down(): Promise<void> {
    await this.ask('POST', '/down', z.unknown());
  }

  private async ask<T>(method: string, path: string, schema: z.ZodType<T>): Promise<T> {
    const response = await fetch(`${this.url}${path}`, { method, signal: AbortSignal.timeout(60_000) });
    const body: unknown = await response.json();
    if (!response.ok) {
      const told = z.object({ error: z.string() }).safeParse(body);
      throw new Error(told.success ? told.data.error : `the lab answered ${response.status}`);
    }
    return schema.parse(body);
  }
}
