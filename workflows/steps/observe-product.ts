import type { ProductFacts } from '../plan/backup/manifest';
import type { Credentials } from '../plan/instance';
import { defineObservation } from '../runbook/step';

export interface ObserveProduct {
  /** Base URLs of nodes, asked in turn until one answers. */
  readonly nodes: readonly string[];
  readonly administrator: Credentials;
}

export interface ObservedProduct extends ProductFacts {
  /** Null: not known. */
  readonly meshNodes: number | null;
  /** Why something is null. */
  readonly unknown: readonly string[];
}

/** What Bitbucket says of itself: version, projects, repositories, Mesh. Never throws because it does not answer. */
export const observeProduct = defineObservation<ObserveProduct, ObservedProduct>({
  name: 'observeProduct',
  title: 'Ask Bitbucket about itself',
  deadlineSeconds: 120,
});
