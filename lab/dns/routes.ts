import { randomBytes } from 'node:crypto';
import type { VirtualClock } from '../clock/virtual-clock';
import { AwsFault } from '../gateway/overlay';
import { applyBatch, applyChange } from './change-batch';
import { canonical } from './record';
import type { RecordChange, RecordSet } from './record';

export interface ZoneDefinition {
  /** E.g. `bitbucket.lab`. */
  readonly name: string;
  /** Generated unless given, e.g. `Z0123456789ABCDEFGHIJ`. */
  readonly id?: string;
  /** Records that the name servers know from the start. */
  readonly records?: readonly {
    readonly name: string;
    readonly type: string;
    readonly ttl: number;
    readonly values: readonly string[];
  }[];
}

export interface Zone {
  readonly id: string;
  /** With the trailing dot. */
  readonly name: string;
  /** What the API lists: every accepted change at once. */
  records: readonly RecordSet[];
  /** What the name servers answer: a change from the moment on that it is INSYNC. */
  served: readonly RecordSet[];
}

export interface Change {
  readonly id: string;
  readonly submittedAt: number;
  status: 'PENDING' | 'INSYNC';
}

/** Virtual seconds until all name servers know a change; usually within 60 [A §7]. */
const PROPAGATION_SECONDS = 30;
export const NAME_SERVERS = ['ns-1.awsdns.lab.', 'ns-2.awsdns.lab.'] as const;

/** The hosted zones of the account; Route 53 has no regions. */
export class Routes {
  private readonly zones = new Map<string, Zone>();
  private readonly changes = new Map<string, Change>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly propagationSeconds = PROPAGATION_SECONDS,
  ) {}

  define(definition: ZoneDefinition): Zone {
    const name = canonical(definition.name);
    const own = (type: string, ttl: number, values: readonly string[]): RecordSet => ({
      name,
      type,
      ttl,
      values,
      setIdentifier: undefined,
      alias: undefined,
    });
    const given = (definition.records ?? []).map((each) => ({
      ...own(each.type, each.ttl, each.values),
      name: canonical(each.name),
    }));
    const records = [
      own('NS', 172_800, NAME_SERVERS),
      own('SOA', 900, [`${NAME_SERVERS[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 60`]),
      ...given,
    ];
    const zone: Zone = { id: definition.id ?? `Z${token()}`, name, records, served: records };
    this.zones.set(zone.id, zone);
    return zone;
  }

  all(): readonly Zone[] {
    return [...this.zones.values()];
  }

  /** By id, with or without `/hostedzone/`. @throws AwsFault NoSuchHostedZone */
  zone(id: string): Zone {
    const zone = this.zones.get(id.replace(/^\/hostedzone\//, ''));
    if (zone === undefined)
      throw new AwsFault('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404);
    return zone;
  }

  /** Accepts a batch as a whole; the name servers follow later. @throws AwsFault InvalidChangeBatch */
  change(zone: Zone, batch: readonly RecordChange[]): Change {
    zone.records = applyBatch(zone.name, zone.records, batch);
    const change: Change = { id: `C${token()}`, submittedAt: this.clock.now(), status: 'PENDING' };
    this.changes.set(change.id, change);
    this.clock.after(this.propagationSeconds, () => {
      zone.served = batch.reduce(applyChange, zone.served);
      change.status = 'INSYNC';
    });
    return change;
  }

  /** @throws AwsFault NoSuchChange */
  changeOf(id: string): Change {
    const change = this.changes.get(id.replace(/^\/change\//, ''));
    if (change === undefined) {
      throw new AwsFault('NoSuchChange', `A change with the specified change ID does not exist: ${id}`, 404);
    }
    return change;
  }
}

function token(): string {
  return randomBytes(10).toString('hex').toUpperCase();
}
