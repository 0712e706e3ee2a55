import type { Credentials } from '../plan/instance';
import { defineStep } from '../runbook/step';

export interface StartNode {
  readonly region: string;
  readonly autoScalingGroup: string;
  /** How many nodes run after this step; they are started one by one. */
  readonly count: number;
  readonly port: number;
  readonly administrator: Credentials;
  /** The run has stopped all nodes before: those that run while the plan is made are no problem. */
  readonly afterStop?: boolean | undefined;
}

export interface RunningNodes {
  readonly nodes: readonly { readonly id: string; readonly address: string; readonly version: string }[];
}

/**
 * Starts one more node through the Auto Scaling API: Launch resumed, maximum raised if needed, minimum = desired = count [B §9.2 #1].
 * Proven when the instance is InService, its `/status` body says RUNNING (FIRST_RUN, an empty database, is a terminal
 * failure; MAINTENANCE too), and `admin/cluster` asked from every node lists the same `count` nodes. Undo: the former numbers.
 */
export const startNode = defineStep<StartNode, RunningNodes>({
  name: 'startNode',
  title: 'Start a node',
  risk: 'reversible',
  deadlineSeconds: 2400,
  expectedSeconds: 420,
});
