import { EventEmitter } from 'node:events';

/** What the parts of the lab tell each other; nobody waits for the listeners. */
export interface WorldEvents {
  /** Ingress rules of a security group changed; `open` = at least one rule is left. */
  securityGroup: [{ readonly region: string; readonly groupId: string; readonly open: boolean }];
  /** An invariant was broken; kept and failing every test that sees it. */
  violation: [{ readonly invariant: string; readonly detail: string }];
}

export class WorldBus extends EventEmitter<WorldEvents> {}
