import type { InstanceTraits } from './instance';

/** A DB snapshot: a copy of the data and what is needed to make an instance of it. */
export interface DatabaseSnapshot {
  readonly id: string;
  readonly region: string;
  readonly account: string;
  /** Other accounts that may restore and copy it. */
  readonly sharedWith: Set<string>;
  readonly directory: string;
  /** The instance as it was then. */
  readonly instance: Readonly<InstanceTraits>;
  readonly instanceResourceId: string;
  readonly createdAt: number;
  /** Virtual epoch ms and seconds of the work that is shown as PercentProgress. */
  readonly startedAt: number;
  readonly seconds: number;
  /** ARN of the snapshot that this is a copy of. */
  readonly sourceArn: string | undefined;
  readonly sourceRegion: string | undefined;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  status: string;
  tags: Readonly<Record<string, string>>;
}

export function snapshotArn(region: string, account: string, id: string): string {
  return `arn:aws:rds:${region}:${account}:snapshot:${id}`;
}
