import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StepImplementation } from '../../../activities/implement';
import { AwsClients } from '../../../activities/aws/clients';
import type { Dependencies } from '../../../activities/dependencies';
import { SearchServer } from '../../../lab/search/search-server';
import type { SearchServer as Estate } from '../../../workflows/plan/instance';
import { context, dependenciesOf, StepDriver } from '../aws/step-driver';

export const BACKUP = 'bitbucket-20261121T160000Z';
export const NAME = 'runbooks-bitbucket-20261121t160000z';
export const DOCUMENTS = ['PROJ/one', 'PROJ/two'];
const INDEX = 'bitbucket-search-v1';

/** One search server with an index, and what steps need to reach it. */
export class SearchWorld {
  private readonly aws = new AwsClients();
  readonly dependencies: Dependencies = dependenciesOf(this.aws);
  /** Milliseconds that the server's clock is ahead. */
  private ahead = 0;

  private constructor(
    readonly server: SearchServer,
    private readonly directory: string,
  ) {}

  static async start(): Promise<SearchWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'search-'));
    const login = { username: 'runbooks', password: 'admin' };
    const now = (): number => Date.now() + world.ahead;
    const options = { address: '127.0.0.1', port: 0, directory, login, now };
    const world: SearchWorld = new SearchWorld(await SearchServer.start(options), directory);
    return world;
  }

  /** As new. */
  reset(): void {
    const { faults, store, changes } = this.server;
    faults.clear();
    faults.seconds = 0;
    changes.length = 0;
    store.addRepository('snapshots');
    store.remove(INDEX);
    store.put(INDEX, DOCUMENTS);
  }

  get documents(): readonly string[] {
    return this.server.store.documents(INDEX);
  }

  set documents(documents: readonly string[]) {
    this.server.store.put(INDEX, documents);
  }

  removeIndex(): void {
    this.server.store.remove(INDEX);
  }

  get snapshots(): readonly string[] {
    return [...(this.server.store.repositories.get('snapshots')?.keys() ?? [])];
  }

  /** Lets what is under way come to its end. */
  pass(seconds: number): void {
    this.ahead += seconds * 1000;
  }

  estate(more: Partial<Estate> = {}): Estate {
    const credentials = { username: 'runbooks', password: 'env:ADMIN' };
    return { url: this.server.url, repository: 'snapshots', index: INDEX, credentials, ...more };
  }

  driver<I, O>(make: (dependencies: Dependencies) => StepImplementation, run?: string): StepDriver<I, O> {
    const step = make(this.dependencies);
    return new StepDriver<I, O>(step, context(step.contract.name, run));
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.aws.destroy();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
