import type { AwsCall } from './overlay';

export type FaultEffect =
  | { readonly kind: 'error'; readonly code: string; readonly status: number; readonly message?: string }
  /** Real seconds before the call is handled. */
  | { readonly kind: 'delay'; readonly seconds: number }
  /** The connection breaks and nothing happened. */
  | { readonly kind: 'dropBefore' }
  /** The connection breaks after the call took effect: the caller cannot know. */
  | { readonly kind: 'dropAfter' }
  /** The call takes effect, and half of the answer arrives, with rubbish behind it. */
  | { readonly kind: 'malformed' };

export interface FaultRule {
  /** All given members must be equal, and `where` must hold; an empty match meets every call. */
  readonly match: {
    readonly region?: string;
    readonly service?: string;
    readonly action?: string;
    readonly mutating?: boolean;
    readonly where?: (call: AwsCall) => boolean;
  };
  /** How many calls are hit; without it all, or one if `nth` is given. */
  readonly times?: number;
  /** The first call that is hit, counted from 1 among those that match. */
  readonly nth?: number;
  readonly effect: FaultEffect;
}

export type RegionOutage = 'timeout' | '503';

interface ActiveRule {
  readonly id: string;
  readonly rule: FaultRule;
  seen: number;
}

/** What goes wrong on purpose [A §2.1 rule 4]. */
export class Faults {
  private readonly rules = new Map<string, ActiveRule>();
  private readonly outages = new Map<string, RegionOutage>();
  private count = 0;

  /** @returns id of the rule, for `remove` */
  add(rule: FaultRule): string {
    this.count += 1;
    const id = `fault-${this.count}`;
    this.rules.set(id, { id, rule, seen: 0 });
    return id;
  }

  remove(id: string): void {
    this.rules.delete(id);
  }

  /** Removes all rules and ends all outages. */
  clear(): void {
    this.rules.clear();
    this.outages.clear();
  }

  list(): readonly { readonly id: string; readonly rule: FaultRule; readonly seen: number }[] {
    return [...this.rules.values()];
  }

  /** Everything signed for the region stops answering (`timeout`) or answers 503 at once. */
  regionDown(region: string, mode: RegionOutage): void {
    this.outages.set(region, mode);
  }

  regionUp(region: string): void {
    this.outages.delete(region);
  }

  outageOf(region: string): RegionOutage | undefined {
    return this.outages.get(region);
  }

  /** Effects on this call, in the order in which their rules were added; counts the call. */
  effectsOn(call: AwsCall): readonly FaultEffect[] {
    const effects: FaultEffect[] = [];
    for (const active of this.rules.values()) {
      if (!matches(active.rule.match, call)) continue;
      active.seen += 1;
      if (hits(active.rule, active.seen)) effects.push(active.rule.effect);
    }
    return effects;
  }
}

function matches(match: FaultRule['match'], call: AwsCall): boolean {
  return (
    (match.region === undefined || match.region === call.region) &&
    (match.service === undefined || match.service === call.service) &&
    (match.action === undefined || match.action === call.action) &&
    (match.mutating === undefined || match.mutating === call.mutating) &&
    (match.where === undefined || match.where(call))
  );
}

function hits(rule: FaultRule, seen: number): boolean {
  const first = rule.nth ?? 1;
  const times = rule.times ?? (rule.nth === undefined ? Infinity : 1);
  return seen >= first && seen < first + times;
}
