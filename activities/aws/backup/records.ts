import type { BackupRecord } from '../../../workflows/plan/backup/manifest';
import type { BackupStore } from '../../../workflows/plan/instance';
import type { StepContext } from '../../../workflows/runbook/step';
import type { Dependencies } from '../../dependencies';
import { terminal } from '../../errors';
import { lookAgain } from '../pace';
import { jsonText, readObject, writeOnce } from '../s3/objects';

/** Writes a record beside a manifest. One that is there stays: an attempt whose answer was lost may have written it. */
export async function writeRecord(
  dependencies: Dependencies,
  store: BackupStore,
  key: string,
  record: BackupRecord,
): Promise<void> {
  await writeOnce(dependencies, store, key, jsonText(record));
}

/**
 * Reads the record back. What was written first stands, with its times: a key names its run, and a worker that takes the
 * run over in the middle of a decision may reckon them anew.
 * @returns where it is
 * @throws NotYet while it is not visible; Terminal when another record has its key
 */
export async function provenRecord(
  dependencies: Dependencies,
  store: BackupStore,
  target: { readonly key: string; readonly record: BackupRecord },
  context: StepContext,
): Promise<string> {
  const { key, record } = target;
  const where = `s3://${store.bucket}/${key}`;
  const found = await readObject(dependencies, store, key);
  if (found === undefined) throw lookAgain(`${where} is not visible yet`, context);
  if (isSame(found, record)) return where;
  throw terminal(
    `${where} is there already and tells of something else. It is not overwritten: look who wrote it.`,
  );
}

/** Members that a run takes from its clock. */
const TIMES: readonly string[] = ['at', 'durationSeconds', 'measured'];

function isSame(found: string, record: BackupRecord): boolean {
  const lasting = (name: string, value: unknown): unknown => (TIMES.includes(name) ? undefined : value);
  try {
    return JSON.stringify(JSON.parse(found), lasting) === JSON.stringify(record, lasting);
  } catch {
    return false;
  }
}
