import { findGit } from './git';
import { findMoto } from './moto';
import { findPostgres, postgresUser } from './postgres';
import { findTemporal } from './temporal';
import { ToolMissing } from './tool';
import type { Report } from './tool';

/** The programs that a lab is made of. */
export interface Tools {
  /** Temporal command line. */
  readonly temporal: string;
  /** `moto_server` of the pinned emulator. */
  readonly moto: string;
  /** Directory of initdb, postgres and pg_ctl. */
  readonly postgresBin: string;
  /** User of the PostgreSQL servers; absent when we are no root and they run as ourselves. */
  readonly postgresUser?: { readonly uid: number; readonly gid: number };
  readonly git: string;
}

/**
 * Finds or installs everything a lab needs; what is there already costs milliseconds. Prints each installation and its
 * duration through `report`.
 * @throws ToolMissing with one line per tool that cannot be had, each holding the remedy
 */
export async function installAll(report: Report): Promise<Tools> {
  const parts = [
    findGit(),
    postgresUser(),
    findTemporal(report),
    findMoto(report),
    findPostgres(report),
  ] as const;
  const failures = (await Promise.allSettled(parts)).flatMap((one) =>
    one.status === 'rejected' ? [one.reason as Error] : [],
  );
  if (failures.length > 0) throw new ToolMissing(failures.map((failure) => failure.message).join('\n'));
  const [git, user, temporal, moto, postgresBin] = await Promise.all(parts);
  return { temporal, moto, postgresBin, git, ...(user === undefined ? {} : { postgresUser: user }) };
}
