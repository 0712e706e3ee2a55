import type { Credentials, FileServer } from '../plan/instance';
import { defineObservation } from '../runbook/step';

export interface CountLostPushes {
  readonly region: string;
  readonly databaseId: string;
  readonly databaseName: string;
  readonly credentials: Credentials;
  readonly fileServer: FileServer;
  /** Pushes recorded at or after this time are compared, ISO 8601. */
  readonly since: string;
}

export interface LostPushes {
  readonly compared: number;
  /** Pushes to repositories of which nobody can tell where on the data stores they lie; absent: none. */
  readonly notChecked?: number | undefined;
  readonly lostPushes: readonly { readonly repository: string; readonly count: number }[];
}

/**
 * Pushes that the promoted database remembers and the restored home does not hold: for each row of
 * sta_repo_push_ref since the home copy, whether the commit exists in the repository on disk.
 */
export const countLostPushes = defineObservation<CountLostPushes, LostPushes>({
  name: 'countLostPushes',
  title: 'Compare the database with the home',
  deadlineSeconds: 600,
});
