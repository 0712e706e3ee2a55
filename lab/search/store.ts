import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type SnapshotEnd = 'SUCCESS' | 'PARTIAL' | 'FAILED';

export interface Snapshot {
  readonly name: string;
  readonly index: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Epoch milliseconds of the lab's clock. */
  readonly startedAt: number;
  readonly endsAt: number;
  readonly end: SnapshotEnd;
}

export interface Index {
  readonly id: string;
  /** Null: it was made here. */
  readonly restored: {
    readonly repository: string;
    readonly snapshot: string;
    readonly endsAt: number;
  } | null;
}

/** Indices and snapshots of one search server: the documents of each are a file, and a snapshot is a copy of it. */
export class SearchStore {
  readonly indices = new Map<string, Index>();
  /** Snapshots by name, by repository. */
  readonly repositories = new Map<string, Map<string, Snapshot>>();

  constructor(private readonly directory: string) {}

  /** Makes an index, or replaces what is in it. */
  put(index: string, documents: readonly string[]): void {
    const file = this.indexFile(index);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(documents));
    if (!this.indices.has(index)) this.indices.set(index, { id: randomUUID(), restored: null });
  }

  documents(index: string): readonly string[] {
    const file = this.indexFile(index);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as string[]) : [];
  }

  /** @returns false when there was none */
  remove(index: string): boolean {
    rmSync(this.indexFile(index), { force: true });
    return this.indices.delete(index);
  }

  addRepository(name: string): void {
    mkdirSync(join(this.directory, 'repositories', name), { recursive: true });
    this.repositories.set(name, new Map());
  }

  /** The instant that it holds is now, however long it takes. */
  snapshot(repository: string, snapshot: Snapshot): void {
    copyFileSync(this.indexFile(snapshot.index), this.snapshotFile(repository, snapshot.name));
    this.repositories.get(repository)?.set(snapshot.name, snapshot);
  }

  removeSnapshot(repository: string, name: string): boolean {
    rmSync(this.snapshotFile(repository, name), { force: true });
    return this.repositories.get(repository)?.delete(name) ?? false;
  }

  /** The index must not be there. */
  restore(repository: string, { name, index }: Snapshot, endsAt: number): void {
    copyFileSync(this.snapshotFile(repository, name), this.indexFile(index));
    this.indices.set(index, { id: randomUUID(), restored: { repository, snapshot: name, endsAt } });
  }

  private indexFile(index: string): string {
    return join(this.directory, 'indices', `${index}.json`);
  }

  private snapshotFile(repository: string, name: string): string {
    return join(this.directory, 'repositories', repository, `${name}.json`);
  }
}
