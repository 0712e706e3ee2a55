import type { Member, Place } from '../../../workflows/plan/backup/manifest';
import type { FoundSnapshot } from '../../../workflows/plan/backup/restore-point';
import type { StepContext } from '../../../workflows/runbook/step';
import type { CapturedMember, CopyBackup } from '../../../workflows/steps/backup';
import type { Dependencies } from '../../dependencies';
import type { Tag } from '../ownership';

/** A member as one look finds it. */
export type MemberState =
  | { readonly state: 'complete'; readonly member: Member; readonly account: string }
  /** `progress`: a few words for an operator. */
  | { readonly state: 'pending'; readonly progress: string }
  /** Not there: not yet, or not any more. */
  | { readonly state: 'missing'; readonly progress: string }
  | { readonly state: 'failed'; readonly reason: string };

/** Where a copy goes, and what it is a copy of. */
export interface CopyOrder {
  readonly backup: string;
  readonly from: string;
  readonly to: CopyBackup['to'];
  readonly member: Member;
  /** EBS members of the whole backup, for the tag that names them. */
  readonly members: string;
}

interface Sharing {
  readonly account: string;
  readonly allowed: boolean;
}

/**
 * What is done for one member of a backup, by its kind. How it is captured is a step of its own, for it stops something;
 * how it is restored joins with the runbook that does so.
 */
export interface PartKindActs {
  readonly service: 'ec2' | 'rds';
  /** Names of the API's actions, for plans. */
  readonly calls: Readonly<Record<'copy' | 'discard' | 'share' | 'tag', string>>;
  /** IAM actions of the whole kind. */
  readonly actions: {
    readonly look: readonly string[];
    readonly copy: readonly string[];
    readonly tag: readonly string[];
    readonly share: readonly string[];
    readonly list: readonly string[];
    readonly discard: readonly string[];
    readonly untag: readonly string[];
  };
  look(dependencies: Dependencies, region: string, member: CapturedMember): Promise<MemberState>;
  /**
   * Starts a copy in another region, or finds the one that an earlier attempt started. @returns its id there
   * @throws NotYet when as many copies are running as are allowed
   */
  copy(dependencies: Dependencies, order: CopyOrder, context: StepContext): Promise<string>;
  /** Deletes the copies of a member that this run has made. @returns ids */
  discardCopies(
    dependencies: Dependencies,
    order: CopyOrder,
    context: StepContext,
  ): Promise<readonly string[]>;
  /** Accounts that may copy a member. */
  sharedWith(dependencies: Dependencies, region: string, member: Member): Promise<readonly string[]>;
  /** Lets another account copy a member, or no longer. Repeatable. */
  share(dependencies: Dependencies, region: string, member: Member, sharing: Sharing): Promise<void>;
  /** Snapshots of an instance in a place, with what forbids their deletion. @param backups undefined: of all */
  list(
    dependencies: Dependencies,
    place: Place,
    instance: string,
    backups: readonly string[] | undefined,
  ): Promise<readonly FoundSnapshot[]>;
  /** Deletes one for good. What is gone already is gone; what forbids it asks a person. */
  discard(dependencies: Dependencies, found: FoundSnapshot, context: StepContext): Promise<void>;
  /** Sets tags on a member. Repeatable. */
  tag(
    dependencies: Dependencies,
    region: string,
    member: Pick<Member, 'id' | 'arn'>,
    tags: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Removes a tag, by its value too where AWS allows that. A member that is gone has none. Repeatable. */
  untag(
    dependencies: Dependencies,
    region: string,
    member: Pick<Member, 'id' | 'arn'>,
    tag: Tag,
  ): Promise<void>;
}
