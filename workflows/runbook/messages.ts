import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Plan } from './plan';
import type { Report } from './report';
import type { Ask, RunState, Verdict } from './state';

/** Payload of update `decide` and of signal `decision`. */
export interface DecisionMessage {
  /** Id of the ask: `status.asks[].id`. */
  readonly ask: string;
  readonly verdict: Verdict;
  /** Name of a person of the estate. */
  readonly actor: string;
  readonly note?: string;
  /** Hash of the plan that is approved: needed for `approve` wherever the ask has one. */
  readonly planHash?: string;
  /** Compact JWS (EdDSA, `typ` PROOF_TYPE) over ProofClaims, where decisions are signed. */
  readonly proof?: string;
}

/** Header `typ` of a proof, so that nothing else that somebody signed can pass as a decision. */
export const PROOF_TYPE = 'runbook-decision+jwt';

/** What whoever decides signs. `iat`, `exp`: seconds since 1970; `jti` is different in each. */
export interface ProofClaims {
  readonly ask: string;
  readonly verdict: Verdict;
  readonly actor: string;
  readonly note?: string;
  readonly planHash?: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp?: number;
}

export interface HoldMessage {
  readonly actor: string;
  readonly reason?: string;
}

/** What stands after a decision. */
export interface DecisionAnswer {
  readonly ask: Ask;
  /** Approvals still missing; 0 when the ask is closed. */
  readonly missing: number;
}

export const decide = defineUpdate<DecisionAnswer, [DecisionMessage]>('decide');
export const decision = defineSignal<[DecisionMessage]>('decision');
export const hold = defineUpdate<RunState['held'], [HoldMessage]>('hold');
export const resume = defineUpdate<RunState['held'], [HoldMessage]>('resume');
/** Sent by a run to its children: they are held while it is. */
export const holdWithParent = defineSignal<[{ readonly held: RunState['held'] }]>('holdWithParent');
export const status = defineQuery<RunState>('status');
export const plan = defineQuery<Plan | null>('plan');
export const report = defineQuery<Report>('report');
